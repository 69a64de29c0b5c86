package org.lenet4j.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import org.junit.jupiter.api.Test;

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
  void takesEveryExtent() {
    for (int[] extent : new int[][] {{1, 1}, {1, 9}, {9, 1}, {3, 5}, {29, 27}, {301, 7}}) {
      GreyImage image = GreyImage.of(filled(extent[0], extent[1], new Color(100, 100, 100)));
      assertThat(image.pixels()).as("%d x %d", extent[0], extent[1]).containsOnly(100);
    }
  }
}
