package org.lenet4j.io;

import java.awt.image.RenderedImage;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Objects;
import javax.imageio.ImageIO;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/** Writes pictures. */
public final class Png {
  private Png() {}

  /** Writes one picture; the stream stays open. */
  public static void write(RenderedImage picture, OutputStream out) throws IOException {
    Objects.requireNonNull(picture, "picture must not be null");
    Objects.requireNonNull(out, "out must not be null");
    // Not ImageIO's own stream, which would want a scratch file in the temporary directory.
    try (MemoryCacheImageOutputStream image = new MemoryCacheImageOutputStream(out)) {
      ImageIO.write(picture, "png", image);
    }
  }
}
