package org.lenet4j.data;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.Iterator;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.FileImageInputStream;
import javax.imageio.stream.ImageInputStream;
import org.lenet4j.LeNetException;

/** Reads the first picture of a file that may come from anywhere. */
final class PictureReader {
  /** Pixels that may be decoded; a file of a few bytes can promise billions. */
  static final long MAX_PIXELS = 64L << 20;

  private PictureReader() {}

  static BufferedImage read(Path file) throws IOException {
    try (ImageInputStream in = new FileImageInputStream(file.toFile())) {
      Iterator<ImageReader> readers = ImageIO.getImageReaders(in);
      if (!readers.hasNext()) {
        throw new LeNetException(
            file + " is neither a picture in PNG, JPEG, GIF or BMP nor a file of IDX images");
      }
      ImageReader reader = readers.next();
      try {
        reader.setInput(in, true, true);
        // Of a JPEG that ends too early the decoder makes up the rest, and only warns.
        reader.addIIOReadWarningListener(
            (source, warning) ->
                System.getLogger(PictureReader.class.getName())
                    .log(Level.WARNING, "{0}: {1}", file, warning));
        return decode(file, reader);
      } finally {
        reader.dispose();
      }
    }
  }

  private static BufferedImage decode(Path file, ImageReader reader) throws IOException {
    try {
      int width = reader.getWidth(0);
      int height = reader.getHeight(0);
      if ((long) width * height > MAX_PIXELS) {
        throw new LeNetException(
            "%s is too large: %d x %d pixels, expected at most %d in all; shrink it first"
                .formatted(file, width, height, MAX_PIXELS));
      }
      return reader.read(0);
    } catch (LeNetException e) {
      throw e;
    } catch (RuntimeException e) {
      // The JDK's decoders throw about anything when a file is damaged.
      throw new IOException("the picture is damaged", e);
    }
  }
}
