package org.lenet4j.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.Transparency;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.WritableRaster;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lenet4j.LeNetException;

class GreyImageTest {
  private static BufferedImage filled(int width, int height, Color colour) {
    BufferedImage picture = new BufferedImage(width, height, BufferedImage.TYPE_INT_ARGB);
    Graphics2D graphics = picture.createGraphics();
    graphics.setColor(colour);
    graphics.fillRect(0, 0, width, height);
    graphics.dispose();
    return picture;
  }

  private static int at(GreyImage image, int x, int y) {
    return Byte.toUnsignedInt(image.pixels()[y * 28 + x]);
  }

  @Test
  void leavesAPictureOfTheRightKindAlone() {
    BufferedImage picture = new BufferedImage(28, 28, BufferedImage.TYPE_INT_RGB);
    for (int y = 1; y < 27; y++) {
      for (int x = 1; x < 27; x++) {
        picture.setRGB(x, y, 0x010101 * (x * 9 % 256));
      }
    }
    GreyImage image = GreyImage.of(picture);
    assertThat(image.inverted()).isFalse();
    for (int x = 1; x < 27; x++) {
      assertThat(at(image, x, 5)).isEqualTo(x * 9 % 256);
    }
  }

  @Test
  void takesMeansOverAreas() {
    BufferedImage picture = filled(56, 56, Color.BLACK);
    picture.setRGB(20, 20, 0xffffffff);
    picture.setRGB(21, 20, 0xffffffff);
    GreyImage image = GreyImage.of(picture);
    assertThat(at(image, 10, 10)).isEqualTo(128);
    assertThat(at(image, 11, 10)).isZero();
    assertThat(image.width()).isEqualTo(56);
  }

  @Test
  void invertsDarkOnLight() {
    BufferedImage picture = filled(28, 28, Color.WHITE);
    picture.setRGB(3, 4, 0xff000000);
    GreyImage image = GreyImage.of(picture);
    assertThat(image.inverted()).isTrue();
    assertThat(at(image, 3, 4)).isEqualTo(255);
    assertThat(at(image, 4, 4)).isZero();
  }

  /**
   * For every type of picture. Most are not read by drawing them, since Java2D takes long to start.
   */
  @ParameterizedTest
  @ValueSource(
      ints = {
        BufferedImage.TYPE_INT_RGB,
        BufferedImage.TYPE_INT_ARGB,
        BufferedImage.TYPE_INT_ARGB_PRE,
        BufferedImage.TYPE_3BYTE_BGR,
        BufferedImage.TYPE_4BYTE_ABGR,
        BufferedImage.TYPE_USHORT_565_RGB,
        BufferedImage.TYPE_BYTE_GRAY,
        BufferedImage.TYPE_USHORT_GRAY,
        BufferedImage.TYPE_BYTE_BINARY,
        BufferedImage.TYPE_BYTE_INDEXED
      })
  void looksAsIfDrawnOnWhite(int type) {
    BufferedImage picture = new BufferedImage(28, 28, type);
    for (int i = 0; i < 784; i++) {
      int alpha = Math.max(0, i % 26 * 12 - 40);
      picture.setRGB(i % 28, i / 28, (Math.min(alpha, 255) << 24) | ((i * 0x12345) & 0xffffff));
    }
    BufferedImage drawing = new BufferedImage(28, 28, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = drawing.createGraphics();
    graphics.drawImage(picture, 0, 0, Color.WHITE, null);
    graphics.dispose();
    GreyImage expected = GreyImage.of(drawing);
    GreyImage found = GreyImage.of(picture);
    assertThat(found.inverted()).isEqualTo(expected.inverted());
    for (int i = 0; i < 784; i++) {
      assertThat(at(found, i % 28, i / 28)).isCloseTo(at(expected, i % 28, i / 28), within(1));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {DataBuffer.TYPE_BYTE, DataBuffer.TYPE_USHORT})
  void readsGreyAndAlphaAsTheyAre(int type, @TempDir Path directory) throws IOException {
    ColorModel model =
        new ComponentColorModel(
            ColorSpace.getInstance(ColorSpace.CS_GRAY),
            true,
            false,
            Transparency.TRANSLUCENT,
            type);
    WritableRaster raster = model.createCompatibleWritableRaster(28, 28);
    int scale = type == DataBuffer.TYPE_BYTE ? 1 : 257;
    int[][] greyAndAlpha = {{128, 255}, {128, 0}, {128, 51}, {0, 128}, {255, 255}, {17, 255}};
    for (int i = 0; i < 784; i++) {
      raster.setSample(i % 28, i / 28, 1, 255 * scale);
    }
    for (int i = 0; i < greyAndAlpha.length; i++) {
      raster.setSample(i + 5, 5, 0, greyAndAlpha[i][0] * scale);
      raster.setSample(i + 5, 5, 1, greyAndAlpha[i][1] * scale);
    }
    Path file = directory.resolve("grey.png");
    ImageIO.write(new BufferedImage(model, raster, false, null), "png", file.toFile());
    GreyImage image = GreyImage.read(file).get(0);
    int[] expected = {128, 255, 230, 127, 255, 17};
    for (int i = 0; i < expected.length; i++) {
      assertThat(at(image, i + 5, 5)).isEqualTo(expected[i]);
    }
    assertThat(at(image, 0, 0)).isZero();
  }

  @Test
  void takesTransparentForWhite() {
    GreyImage image = GreyImage.of(filled(28, 28, new Color(0, 0, 0, 0)));
    assertThat(image.inverted()).isTrue();
    assertThat(image.pixels()).containsOnly(0);
  }

  @Test
  void weighsColoursAsTheEyeDoes() {
    BufferedImage picture = filled(28, 28, Color.BLACK);
    picture.setRGB(10, 10, 0xffff0000);
    picture.setRGB(11, 10, 0xff00ff00);
    picture.setRGB(12, 10, 0xff0000ff);
    GreyImage image = GreyImage.of(picture);
    assertThat(at(image, 10, 10)).isEqualTo(76);
    assertThat(at(image, 11, 10)).isEqualTo(150);
    assertThat(at(image, 12, 10)).isEqualTo(29);
  }

  @Test
  void padsToASquareAndKeepsTheShape() {
    BufferedImage picture = filled(28, 14, Color.BLACK);
    for (int x = 1; x < 27; x++) {
      picture.setRGB(x, 6, 0xffffffff);
    }
    GreyImage image = GreyImage.of(picture);
    assertThat(at(image, 14, 13)).isEqualTo(255);
    assertThat(at(image, 14, 12)).isZero();
    assertThat(at(image, 14, 0)).isZero();
  }

  @Test
  void takesGreyPixelsForLightOnBlack() {
    byte[] bright = IdxFiles.pixels(1);
    Arrays.fill(bright, 0, 28, (byte) 255);
    Arrays.fill(bright, 28 * 27, 28 * 28, (byte) 255);
    GreyImage image = GreyImage.of(bright, 28, 28);
    assertThat(image.pixels()).isEqualTo(bright);
    assertThat(image.inverted()).isFalse();
    assertThat(GreyImage.of(new byte[] {8, 8, 8, 8, 8, 8}, 3, 2).pixels()).containsOnly(8);
    assertThatThrownBy(() -> GreyImage.of(new byte[783], 28, 28))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("783 pixels are not 28 x 28");
  }

  @Test
  void readsIdxFilesOfAnySize(@TempDir Path directory) throws IOException {
    byte[] two = IdxFiles.concat(IdxFiles.header(0x08, 3, 2, 1, 2), new byte[] {9, 9, 7, 7});
    Path file = IdxFiles.write(directory.resolve("two"), two);
    List<GreyImage> images = GreyImage.read(file);
    assertThat(images).hasSize(2);
    assertThat(images.get(0).pixels()).containsOnly(9);
    assertThat(images.get(1).pixels()).containsOnly(7);
    assertThat(images.get(1).width()).isEqualTo(2);
    assertThat(images.get(1).height()).isEqualTo(1);
    byte[] zipped = IdxFiles.gzip(IdxFiles.images(3));
    images = GreyImage.read(IdxFiles.write(directory.resolve("three"), zipped));
    assertThat(images).hasSize(3);
    assertThat(images.get(2).pixels())
        .isEqualTo(Arrays.copyOfRange(IdxFiles.pixels(3), 2 * 784, 3 * 784));
  }

  @Test
  void namesWhatIsWrongWithAnIdxFile(@TempDir Path directory) throws IOException {
    assertRefused(
        directory, IdxFiles.header(0x08, 3, 1, 0, 28), "images of height 0, expected 1 to 4096");
    assertRefused(
        directory,
        IdxFiles.header(0x08, 3, 1, 28, 1 << 30),
        "images of width 1073741824, expected 1 to 4096");
    assertRefused(directory, IdxFiles.header(0x0d, 3, 1, 28, 28), "type code 0x0d");
    assertRefused(directory, IdxFiles.labels(1, 2), "rank 1, expected rank 3 for images");
    assertRefused(directory, IdxFiles.header(0x08, 3, 1 << 20, 4000, 4000), "the end of the file");
    assertRefused(
        directory,
        IdxFiles.concat(IdxFiles.header(0x08, 3, 1, 1, 1), new byte[2]),
        "more bytes, expected the end of the file");
  }

  private static void assertRefused(Path directory, byte[] content, String message) {
    Path file = IdxFiles.write(directory.resolve("wrong"), content);
    assertThatThrownBy(() -> GreyImage.read(file))
        .isInstanceOf(LeNetException.class)
        .hasMessageStartingWith(file.toString())
        .hasMessageContaining(message);
  }

  @Test
  void takesEveryExtent() {
    for (int[] extent : new int[][] {{1, 1}, {1, 9}, {9, 1}, {3, 5}, {29, 27}, {301, 7}}) {
      GreyImage image = GreyImage.of(filled(extent[0], extent[1], new Color(100, 100, 100)));
      assertThat(image.pixels()).as("%d x %d", extent[0], extent[1]).containsOnly(100);
    }
  }
}
