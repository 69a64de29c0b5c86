package org.lenet4j.report;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Base64;
import java.util.function.IntUnaryOperator;
import org.lenet4j.io.Png;

/** Small pictures as data: URLs, one pixel a value; the page enlarges them. */
final class Pictures {
  private static final int NEGATIVE = 0x2166ac;
  private static final int ZERO = 0xf7f7f7;
  private static final int POSITIVE = 0xb2182b;

  private Pictures() {}

  /** Unsigned bytes, 0 black to 255 white. */
  static String grey(byte[] pixels, int width) {
    return png(pixels.length, width, i -> grey(pixels[i] & 255));
  }

  /**
   * One plane of values, the least black and the largest white.
   *
   * @param from where the plane begins
   */
  static String grey(float[] values, int from, int size, int width, float least, float largest) {
    float range = Math.max(largest - least, Float.MIN_NORMAL);
    return png(size, width, i -> grey(Math.round((values[from + i] - least) / range * 255)));
  }

  /**
   * One plane of values: negative ones blue, zero white, positive ones red.
   *
   * @param bound the largest magnitude
   */
  static String signed(float[] values, int from, int size, int width, float bound) {
    return png(
        size,
        width,
        i -> {
          float share = values[from + i] / Math.max(bound, Float.MIN_NORMAL);
          return mix(share < 0 ? NEGATIVE : POSITIVE, Math.abs(share));
        });
  }

  private static int grey(int value) {
    return value * 0x010101;
  }

  private static int mix(int colour, float share) {
    int mixed = 0;
    for (int shift = 0; shift < 24; shift += 8) {
      int zero = (ZERO >> shift) & 255;
      mixed |= Math.round(zero + (((colour >> shift) & 255) - zero) * share) << shift;
    }
    return mixed;
  }

  private static String png(int size, int width, IntUnaryOperator colour) {
    BufferedImage image = new BufferedImage(width, size / width, BufferedImage.TYPE_INT_RGB);
    for (int i = 0; i < size; i++) {
      image.setRGB(i % width, i / width, colour.applyAsInt(i));
    }
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    try {
      Png.write(image, file);
    } catch (IOException e) {
      throw new UncheckedIOException(e); // Writing to memory does not fail.
    }
    return "data:image/png;base64," + Base64.getEncoder().encodeToString(file.toByteArray());
  }
}
