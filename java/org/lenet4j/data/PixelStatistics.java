package org.lenet4j.data;

import java.nio.ByteBuffer;
import java.util.Objects;
import org.lenet4j.LeNetException;

/**
 * Mean and standard deviation of all pixels of a dataset, by which a network's input can be
 * standardised.
 *
 * @param mean of the pixels as 0 to 1
 * @param deviation of the pixels as 0 to 1, above 0
 * @since 0.1.0
 */
public record PixelStatistics(double mean, double deviation) {
  /**
   * Looks at every pixel once.
   *
   * @param dataset usually the training set
   * @return its statistics
   * @throws LeNetException if all pixels are equal: there is no deviation to divide by
   */
  public static PixelStatistics of(Dataset dataset) {
    Objects.requireNonNull(dataset, "dataset must not be null");
    long[] counts = new long[256];
    ByteBuffer pixels = dataset.pixels();
    for (int i = 0; i < pixels.capacity(); i++) {
      counts[pixels.get(i) & 0xff]++;
    }
    // Sums of whole numbers are exact, so the figures do not depend on the order of examples.
    long sum = 0;
    long squares = 0;
    for (int value = 0; value < counts.length; value++) {
      sum += counts[value] * value;
      squares += counts[value] * value * value;
    }
    double mean = (double) sum / pixels.capacity();
    double variance = (double) squares / pixels.capacity() - mean * mean;
    if (counts[pixels.get(0) & 0xff] == pixels.capacity()) {
      throw new LeNetException(
          "all pixels of the data are %d: images without contrast cannot be standardised"
              .formatted(pixels.get(0) & 0xff));
    }
    return new PixelStatistics(mean / 255, Math.sqrt(variance) / 255);
  }
}
