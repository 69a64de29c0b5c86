package org.lenet4j.engine;

import java.util.Objects;

/**
 * Sums over examples: what the chapter's Accumulator(3) holds.
 *
 * @param lossSum sum of the examples' losses
 * @param correct examples whose largest logit (the first one on a tie) is their label's
 * @param count examples
 * @since 0.1.0
 */
public record Metrics(double lossSum, long correct, long count) {
  /** Over no examples. */
  public static final Metrics ZERO = new Metrics(0, 0, 0);

  /**
   * Refuses impossible counts.
   *
   * @throws IllegalArgumentException unless 0 &lt;= correct &lt;= count
   */
  public Metrics {
    if (count < 0 || correct < 0 || correct > count) {
      throw new IllegalArgumentException(
          "need 0 <= correct <= count, was " + correct + " of " + count);
    }
  }

  /**
   * {@return the sums over the examples of both}
   *
   * @param other over other examples
   */
  public Metrics plus(Metrics other) {
    Objects.requireNonNull(other, "other must not be null");
    return new Metrics(lossSum + other.lossSum, correct + other.correct, count + other.count);
  }

  /** {@return the mean loss per example; NaN over no examples} */
  public double loss() {
    return lossSum / count;
  }

  /** {@return the share of correct examples; NaN over no examples} */
  public double accuracy() {
    return (double) correct / count;
  }
}
