package org.lenet4j.data;

/** Grey values of any extent, 0 black to 255 white, that can be brought to the network's. */
final class GreyPlane {
  private final int width;
  private final int height;

  /** [height][width]. */
  private final float[] values;

  /** The mean of the outermost pixels, which goes on outside. */
  private final double border;

  private GreyPlane(int width, int height, float[] values) {
    this.width = width;
    this.height = height;
    this.values = values;
    this.border = border();
  }

  /**
   * The luminance after ITU-R BT.601.
   *
   * @param colours [height][width], 0xRRGGBB
   */
  static GreyPlane of(int[] colours, int width, int height) {
    float[] values = new float[colours.length];
    for (int i = 0; i < values.length; i++) {
      int rgb = colours[i];
      values[i] =
          (float) (0.299 * (rgb >> 16 & 255) + 0.587 * (rgb >> 8 & 255) + 0.114 * (rgb & 255));
    }
    return new GreyPlane(width, height, values);
  }

  /**
   * Grey pixels.
   *
   * @param pixels [height][width], unsigned
   */
  static GreyPlane of(byte[] pixels, int width, int height) {
    if (width < 1 || height < 1 || (long) width * height != pixels.length) {
      throw new IllegalArgumentException(
          "%d pixels are not %d x %d".formatted(pixels.length, width, height));
    }
    float[] values = new float[pixels.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = Byte.toUnsignedInt(pixels[i]);
    }
    return new GreyPlane(width, height, values);
  }

  int width() {
    return width;
  }

  int height() {
    return height;
  }

  /** Whether this is dark on light. */
  boolean isLight() {
    return border > 127.5;
  }

  /**
   * Padded to a square and resized, each pixel the mean over its area.
   *
   * @return [28][28], unsigned
   */
  byte[] resized(boolean inverted) {
    double scale = (double) Math.max(width, height) / Dataset.WIDTH;
    double left = Math.min(0, Math.floorDiv(width - height, 2));
    double top = Math.min(0, Math.floorDiv(height - width, 2));
    byte[] pixels = new byte[Dataset.PIXELS];
    for (int y = 0; y < Dataset.HEIGHT; y++) {
      for (int x = 0; x < Dataset.WIDTH; x++) {
        double mean = areaMean(left + x * scale, top + y * scale, scale);
        pixels[y * Dataset.WIDTH + x] = (byte) Math.round(inverted ? 255 - mean : mean);
      }
    }
    return pixels;
  }

  private double border() {
    double sum = 0;
    for (int x = 0; x < width; x++) {
      sum += values[x] + values[(height - 1) * width + x];
    }
    for (int y = 0; y < height; y++) {
      sum += values[y * width] + values[y * width + width - 1];
    }
    return sum / (2.0 * width + 2.0 * height);
  }

  /** The mean over a square; pixels at its edges count by their share. */
  private double areaMean(double left, double top, double size) {
    int firstX = Math.max(0, (int) Math.floor(left));
    int firstY = Math.max(0, (int) Math.floor(top));
    double sum = 0;
    double covered = 0;
    for (int y = firstY; y < Math.min(height, top + size); y++) {
      double rows = Math.min(y + 1, top + size) - Math.max(y, top);
      for (int x = firstX; x < Math.min(width, left + size); x++) {
        double columns = Math.min(x + 1, left + size) - Math.max(x, left);
        sum += rows * columns * values[y * width + x];
        covered += rows * columns;
      }
    }
    double area = size * size;
    return Math.min(255, (sum + Math.max(0, area - covered) * border) / area);
  }
}
