package org.lenet4j.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

/**
 * Compares float32 results with the double reference.
 *
 * <p>The allowance is epsilon x chain x (largest reference value): rounding errors in a sum of n
 * terms behave like a random walk of n steps, so each sum on the way contributes sqrt(n) half units
 * in the last place of about the largest value, and the sums along one path add up to its chain.
 */
final class Closeness {
  /** Half a unit in the last place of a float near 1. */
  static final double EPSILON = 0x1p-24;

  /** The square roots of the fan-ins from conv1 to fc3, and 4 units for each activation. */
  static final double FORWARD_CHAIN =
      Math.sqrt(25) + Math.sqrt(150) + Math.sqrt(400) + Math.sqrt(120) + Math.sqrt(84) + 4 * 8;

  /** Forward, and the fan-outs on the way back. */
  static final double BACKWARD_CHAIN =
      FORWARD_CHAIN + Math.sqrt(84) + Math.sqrt(120) + Math.sqrt(400) + Math.sqrt(16 * 25) + 4 * 8;

  private Closeness() {}

  static void check(String what, float[] actual, float[] expected, double chain) {
    check(what, actual, expected, 0, expected.length, chain, 0);
  }

  /** {@code slack} is added to the allowance. */
  static void check(
      String what,
      float[] actual,
      float[] expected,
      int offset,
      int length,
      double chain,
      double slack) {
    double largest = 0;
    double error = 0;
    int worst = offset;
    for (int i = offset; i < offset + length; i++) {
      largest = Math.max(largest, Math.abs(expected[i]));
      double difference = Math.abs((double) actual[i] - expected[i]);
      // Nothing is larger than a NaN: once seen, it stays.
      if (Double.isNaN(difference) || difference > error) {
        error = difference;
        worst = i;
      }
    }
    double allowance = EPSILON * chain * largest + slack;
    assertThat(error <= allowance) // False for a NaN on either side.
        .as(
            "%s: largest error %.3g at [%d] (%s, expected %s), %.0f %% of the allowance",
            what, error, worst - offset, actual[worst], expected[worst], 100 * error / allowance)
        .isTrue();
  }

  /** A mean loss, after a forward pass or a few steps. */
  static void checkLoss(String what, double actual, double expected) {
    assertThat(actual)
        .as(what)
        .isCloseTo(expected, within(EPSILON * BACKWARD_CHAIN * (1 + expected)));
  }

  /** Every tensor of two arenas. */
  static void checkArena(
      String what,
      ParameterLayout layout,
      float[] actual,
      float[] expected,
      double chain,
      double slack) {
    for (ParameterLayout.Tensor tensor : layout.tensors()) {
      check(
          what + " " + tensor.name(),
          actual,
          expected,
          tensor.offset(),
          tensor.length(),
          chain,
          slack);
    }
  }
}
