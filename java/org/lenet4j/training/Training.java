package org.lenet4j.training;

import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * What a training was like.
 *
 * @param history the finished epochs in order
 * @param curve the curve points in order
 * @param complete false if it was stopped before its last epoch was over
 */
public record Training(List<Epoch> history, List<CurvePoint> curve, boolean complete) {
  public Training {
    history = List.copyOf(history);
    curve = List.copyOf(curve);
  }

  /**
   * The last finished epoch.
   *
   * @throws IllegalStateException if the training was stopped in its first epoch
   */
  public Epoch last() {
    if (history.isEmpty()) {
      throw new IllegalStateException("the training was stopped before its first epoch was over");
    }
    return history.get(history.size() - 1);
  }

  /** Training examples per second of all steps: shuffling and evaluation excluded. */
  public double examplesPerSecond() {
    return examples() / sum(Epoch::stepSeconds);
  }

  /** Training examples per second of the whole epochs: only evaluation excluded. */
  public double wholeEpochExamplesPerSecond() {
    return examples() / sum(Epoch::trainSeconds);
  }

  /** Everything: training and evaluation. */
  public double seconds() {
    return sum(Epoch::trainSeconds) + sum(Epoch::evaluationSeconds);
  }

  private double examples() {
    return sum(Epoch::examples);
  }

  private double sum(ToDoubleFunction<Epoch> value) {
    return history.stream().mapToDouble(value).sum();
  }
}
