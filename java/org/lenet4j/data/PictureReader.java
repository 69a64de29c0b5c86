package org.lenet4j.data;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.FileImageInputStream;
import javax.imageio.stream.ImageInputStream;
import org.lenet4j.LeNetException;
import org.lenet4j.io.FileReasons;

/** Reads the first picture of a file that may come from anywhere. */
final class PictureReader {
  /** Pixels that may be decoded; a file of a few bytes can promise billions. */
  static final long MAX_PIXELS = 64L << 20;

  private PictureReader() {}

  static BufferedImage read(Path file) {
    if (!Files.exists(file)) {
      throw new LeNetException(file + " does not exist");
    }
    if (!Files.isRegularFile(file)) {
      throw new LeNetException(file + " is not a regular file, expected a picture");
    }
    try (ImageInputStream in = new FileImageInputStream(file.toFile())) {
      Iterator<ImageReader> readers = ImageIO.getImageReaders(in);
      if (!readers.hasNext()) {
        throw new LeNetException(file + " is not a picture in PNG, JPEG, GIF or BMP");
      }
      ImageReader reader = readers.next();
      try {
        reader.setInput(in, true, true);
        return decode(file, reader);
      } finally {
        reader.dispose();
      }
    } catch (IOException e) {
      throw new LeNetException(file + " could not be read: " + FileReasons.of(e), e);
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
      throw new LeNetException("%s is damaged: %s".formatted(file, e), e);
    }
  }
}
