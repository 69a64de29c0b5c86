package org.lenet4j.data;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import org.lenet4j.LeNetException;

/**
 * A picture made ready for the network, in the way of MNIST: grey, 28 x 28, light on black.
 *
 * @param pixels [28][28], 0 black to 255 white
 * @param width of the picture that it was made from
 * @param height of that picture
 * @param inverted whether that picture was dark on light
 */
public record GreyImage(byte[] pixels, int width, int height, boolean inverted) {
  /**
   * Reads a PNG, JPEG, GIF or BMP of at most 64 Mi pixels and converts it as {@link #of} does.
   *
   * @throws LeNetException if the file cannot be read, is no picture, is damaged or too large
   */
  public static GreyImage read(Path file) {
    return of(PictureReader.read(file));
  }

  /**
   * Converts a picture of any size and colour. Transparent parts count as white. It is padded to a
   * square with the mean of its border, shrunk or enlarged by the mean over the area of each pixel,
   * and inverted if its border is light, since a network that learnt light things on black takes
   * dark ones on white for something else.
   */
  public static GreyImage of(BufferedImage picture) {
    BufferedImage opaque = onWhite(picture);
    int width = opaque.getWidth();
    int height = opaque.getHeight();
    double border = border(opaque);
    boolean inverted = border > 127.5;
    double scale = (double) Math.max(width, height) / Dataset.WIDTH;
    double left = Math.min(0, Math.floorDiv(width - height, 2));
    double top = Math.min(0, Math.floorDiv(height - width, 2));
    byte[] pixels = new byte[Dataset.PIXELS];
    for (int y = 0; y < Dataset.HEIGHT; y++) {
      for (int x = 0; x < Dataset.WIDTH; x++) {
        double mean = areaMean(opaque, border, left + x * scale, top + y * scale, scale);
        pixels[y * Dataset.WIDTH + x] = (byte) Math.round(inverted ? 255 - mean : mean);
      }
    }
    return new GreyImage(pixels, width, height, inverted);
  }

  private static BufferedImage onWhite(BufferedImage picture) {
    BufferedImage opaque =
        new BufferedImage(picture.getWidth(), picture.getHeight(), BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = opaque.createGraphics();
    graphics.drawImage(picture, 0, 0, Color.WHITE, null);
    graphics.dispose();
    return opaque;
  }

  /** ITU-R BT.601, 0 to 255. */
  private static double luminance(BufferedImage picture, int x, int y) {
    int rgb = picture.getRGB(x, y);
    return 0.299 * (rgb >> 16 & 255) + 0.587 * (rgb >> 8 & 255) + 0.114 * (rgb & 255);
  }

  /** The mean of the outermost pixels. */
  private static double border(BufferedImage picture) {
    int right = picture.getWidth() - 1;
    int bottom = picture.getHeight() - 1;
    double sum = 0;
    for (int x = 0; x <= right; x++) {
      sum += luminance(picture, x, 0) + luminance(picture, x, bottom);
    }
    for (int y = 0; y <= bottom; y++) {
      sum += luminance(picture, 0, y) + luminance(picture, right, y);
    }
    return sum / (2.0 * (right + 1) + 2.0 * (bottom + 1));
  }

  /**
   * The mean over a square; pixels at its edges count by their share.
   *
   * @param outside the value of what lies outside the picture
   */
  private static double areaMean(
      BufferedImage picture, double outside, double left, double top, double size) {
    int firstX = Math.max(0, (int) Math.floor(left));
    int firstY = Math.max(0, (int) Math.floor(top));
    double sum = 0;
    double covered = 0;
    for (int y = firstY; y < Math.min(picture.getHeight(), top + size); y++) {
      double rows = Math.min(y + 1, top + size) - Math.max(y, top);
      for (int x = firstX; x < Math.min(picture.getWidth(), left + size); x++) {
        double columns = Math.min(x + 1, left + size) - Math.max(x, left);
        sum += rows * columns * luminance(picture, x, y);
        covered += rows * columns;
      }
    }
    double area = size * size;
    return Math.min(255, (sum + Math.max(0, area - covered) * outside) / area);
  }
}
