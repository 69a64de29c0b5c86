package org.lenet4j.data;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.DataBuffer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.lenet4j.LeNetException;
import org.lenet4j.io.FileReasons;

/**
 * A picture made ready for the network, in the way of MNIST: grey, 28 x 28, light on black.
 *
 * @param pixels [28][28], 0 black to 255 white
 * @param width of the picture that it was made from
 * @param height of that picture
 * @param inverted whether that picture was dark on light
 * @since 0.1.0
 */
public record GreyImage(byte[] pixels, int width, int height, boolean inverted) {
  public GreyImage {
    Objects.requireNonNull(pixels, "pixels must not be null");
  }

  /**
   * Reads the pictures in a file: one in PNG, JPEG, GIF or BMP, see {@link #of(BufferedImage)}, or
   * all of an IDX file of images, plain or gzip, see {@link #of(byte[], int, int)}. The content
   * tells which it is.
   *
   * @param file of at most 64 Mi pixels
   * @return one for each picture, in the order of the file
   * @throws LeNetException if the file cannot be read or is none of these
   */
  public static List<GreyImage> read(Path file) {
    Objects.requireNonNull(file, "file must not be null");
    try {
      if (Files.exists(file) && !Files.isRegularFile(file)) {
        throw new LeNetException(file + " is not a regular file, expected a picture");
      }
      if (startsLikeIdx(file)) {
        try (ContentFile content = ContentFile.open(file)) {
          return IdxReader.images(content);
        }
      }
      return List.of(of(PictureReader.read(file)));
    } catch (IOException e) {
      throw FileReasons.unreadable(file, e);
    }
  }

  /** IDX begins with two zero bytes, gzip with a mark of its own; no picture does either. */
  private static boolean startsLikeIdx(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] start = in.readNBytes(2);
      return start.length == 2
          && ((start[0] == 0 && start[1] == 0) || (start[0] == 0x1f && start[1] == (byte) 0x8b));
    }
  }

  /**
   * Converts a picture of any size and colour. Transparent parts count as white. It is padded to a
   * square with the mean of its border, shrunk or enlarged by the mean over the area of each pixel,
   * and inverted if its border is light, since a network that learnt light things on black takes
   * dark ones on white for something else.
   *
   * @param picture of any size
   * @return what the network should see of it
   */
  public static GreyImage of(BufferedImage picture) {
    Objects.requireNonNull(picture, "picture must not be null");
    GreyPlane plane = plane(picture);
    return new GreyImage(
        plane.resized(plane.isLight()), plane.width(), plane.height(), plane.isLight());
  }

  /**
   * Converts grey pixels that are light on black already, whatever their border is: they are only
   * padded and resized. Those of 28 x 28 stay as they are.
   *
   * @param pixels [height][width], 0 black to 255 white
   * @param width at least 1
   * @param height at least 1
   * @return what the network should see of them
   * @throws IllegalArgumentException unless there are width x height pixels, at least one
   */
  public static GreyImage of(byte[] pixels, int width, int height) {
    Objects.requireNonNull(pixels, "pixels must not be null");
    return new GreyImage(GreyPlane.of(pixels, width, height).resized(false), width, height, false);
  }

  private static GreyPlane plane(BufferedImage picture) {
    int width = picture.getWidth();
    int height = picture.getHeight();
    if (isGrey(picture)) {
      return GreyPlane.of(greys(picture), width, height);
    }
    // Drawing takes much of the JDK's desktop, and tenths of a second where it is the first time.
    BufferedImage plain =
        picture.getColorModel().getColorSpace().isCS_sRGB() ? picture : drawn(picture);
    int[] colours = plain.getRGB(0, 0, width, height, null, 0, width);
    if (plain.getColorModel().hasAlpha()) {
      Arrays.setAll(colours, i -> onWhite(colours[i]));
    }
    return GreyPlane.of(colours, width, height);
  }

  private static boolean isGrey(BufferedImage picture) {
    int type = picture.getRaster().getTransferType();
    return picture.getColorModel().getColorSpace().getType() == ColorSpace.TYPE_GRAY
        && (type == DataBuffer.TYPE_BYTE || type == DataBuffer.TYPE_USHORT)
        && !picture.isAlphaPremultiplied();
  }

  /** As they are stored: to Java all grey is linear, and it would make 188 of a PNG's 128. */
  private static byte[] greys(BufferedImage picture) {
    int[] shades = band(picture, 0);
    int[] alphas = picture.getColorModel().hasAlpha() ? band(picture, 1) : null;
    byte[] greys = new byte[shades.length];
    for (int i = 0; i < greys.length; i++) {
      greys[i] = (byte) (alphas == null ? shades[i] : onWhite(shades[i], alphas[i]));
    }
    return greys;
  }

  /** A band's samples, scaled to 8 bits. */
  private static int[] band(BufferedImage picture, int band) {
    int[] samples =
        picture
            .getRaster()
            .getSamples(0, 0, picture.getWidth(), picture.getHeight(), band, (int[]) null);
    int largest = (1 << picture.getColorModel().getComponentSize(band)) - 1;
    for (int i = 0; i < samples.length; i++) {
      samples[i] = (samples[i] * 255 + largest / 2) / largest;
    }
    return samples;
  }

  /** In the colours of a screen. */
  private static BufferedImage drawn(BufferedImage picture) {
    BufferedImage drawing =
        new BufferedImage(picture.getWidth(), picture.getHeight(), BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = drawing.createGraphics();
    graphics.drawImage(picture, 0, 0, Color.WHITE, null);
    graphics.dispose();
    return drawing;
  }

  private static int onWhite(int colour) {
    int alpha = colour >>> 24;
    int mixed = 0;
    for (int shift = 0; shift < 24; shift += 8) {
      mixed |= onWhite((colour >> shift) & 255, alpha) << shift;
    }
    return mixed;
  }

  private static int onWhite(int shade, int alpha) {
    return (shade * alpha + 255 * (255 - alpha) + 127) / 255;
  }
}
