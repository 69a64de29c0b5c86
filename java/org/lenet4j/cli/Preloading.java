package org.lenet4j.cli;

import java.awt.image.BufferedImage;
import javax.imageio.ImageIO;
import org.lenet4j.engine.Engines;
import org.lenet4j.io.Json;

/** Loads what a command will need while the command line is being read, which takes as long. */
final class Preloading {
  private Preloading() {}

  static void start(String command) {
    Thread thread = new Thread(() -> load(command), "preloading");
    thread.setDaemon(true);
    thread.start();
  }

  /** Whatever goes wrong here goes wrong again, and is reported, where it is needed. */
  private static void load(String command) {
    try {
      Engines.nativeBytes(); // Loads the native library.
      Json.parse("{}");
      if (command.equals("predict")) {
        ImageIO.getReaderFormatNames(); // Loads the decoders.
        new BufferedImage(1, 1, BufferedImage.TYPE_3BYTE_BGR).getRGB(0, 0);
      }
    } catch (RuntimeException | LinkageError e) {
      // See above.
    }
  }
}
