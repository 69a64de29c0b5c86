package org.lenet4j.cli;

import javax.imageio.ImageIO;
import org.lenet4j.engine.Engines;

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
      if (command.equals("predict")) {
        ImageIO.getReaderFormatNames(); // Loads the decoders.
      }
    } catch (RuntimeException | LinkageError e) {
      // See above.
    }
  }
}
