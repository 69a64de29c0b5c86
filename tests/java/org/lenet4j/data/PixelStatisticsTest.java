package org.lenet4j.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.lenet4j.LeNetException;

class PixelStatisticsTest {
  @Test
  void countsEveryPixel() {
    // 600 pixels of 0, 584 of 51 and 384 of 255.
    byte[] pixels = new byte[2 * Dataset.PIXELS];
    Arrays.fill(pixels, 600, 1184, (byte) 51);
    Arrays.fill(pixels, 1184, 1568, (byte) 255);
    try (Dataset data = Dataset.of(pixels, new int[] {0, 1})) {
      PixelStatistics statistics = PixelStatistics.of(data);
      double mean = (584 * 0.2 + 384) / 1568;
      double squares = (584 * 0.04 + 384) / 1568;
      assertThat(statistics.mean()).isCloseTo(mean, within(1e-12));
      assertThat(statistics.deviation()).isCloseTo(Math.sqrt(squares - mean * mean), within(1e-12));
    }
  }

  @Test
  void knowsFashionMnists() {
    try (Dataset train = FashionMnist.train(FashionMnist.Options.defaults().withOffline(true))) {
      PixelStatistics statistics = PixelStatistics.of(train);
      assertThat(statistics.mean()).isCloseTo(0.2860, within(5e-5));
      assertThat(statistics.deviation()).isCloseTo(0.3530, within(5e-5));
    }
  }

  @Test
  void refusesImagesWithoutContrast() {
    byte[] grey = new byte[Dataset.PIXELS];
    Arrays.fill(grey, (byte) 200);
    try (Dataset data = Dataset.of(grey, new int[] {0})) {
      assertThatThrownBy(() -> PixelStatistics.of(data))
          .isInstanceOf(LeNetException.class)
          .hasMessageContaining("all pixels of the data are 200");
    }
  }
}
