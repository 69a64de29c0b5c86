package org.lenet4j.engine;

import java.util.Objects;

/**
 * Sums over examples: what the chapter's Accumulator(3) holds.
 *
 * @param lossSum sum of the examples' losses
 * @param correct examples whose largest logit (the first one on a tie) is their label's
 * @param count examples
 */
public record Metrics(double lossSum, long correct, long count) {
  public static final Metrics ZERO = new Metrics(0, 0, 0);

  public Metrics {
    if (count < 0 || correct < 0 || correct > count) {
      throw new IllegalArgumentException(
          "need 0 <= correct <= count, was " + correct + " of " + count);
    }
  }

  public Metrics plus(Metrics other) {
    Objects.requireNonNull(other, "other must not be null");
    return new Metrics(lossSum + other.lossSum, correct + other.correct, count + other.count);
  }

  /** Mean loss per example; NaN over no examples. */
  public double loss() {
    return lossSum / count;
  }

  /** Share of correct examples; NaN over no examples. */
  public double accuracy() {
    return (double) correct / count;
  }
}
