package org.lenet4j.training;

import java.util.List;
import java.util.Objects;
import java.util.function.ToDoubleFunction;

/**
 * What a training was like.
 *
 * @param history the finished epochs in order, those before a resume included
 * @param curve the curve points in order
 * @param outcome why it ended
 * @since 0.1.0
 */
public record Training(List<Epoch> history, List<CurvePoint> curve, Outcome outcome) {
  /**
   * Why a training ended.
   *
   * @since 0.1.0
   */
  public enum Outcome {
    /** All epochs are done. */
    COMPLETE,
    /** The target accuracy was reached. */
    TARGET_REACHED,
    /** The accuracy did not rise for as many epochs as the patience allows. */
    NO_IMPROVEMENT,
    /** It was asked to stop. */
    STOPPED
  }

  /** Copies the lists. */
  public Training {
    history = List.copyOf(Objects.requireNonNull(history, "history must not be null"));
    curve = List.copyOf(Objects.requireNonNull(curve, "curve must not be null"));
    Objects.requireNonNull(outcome, "outcome must not be null");
  }

  /**
   * {@return the last finished epoch}
   *
   * @throws IllegalStateException if the training was stopped in its first epoch
   */
  public Epoch last() {
    requireEpochs();
    return history.get(history.size() - 1);
  }

  /**
   * {@return the epoch with the best {@link Epoch#monitoredAccuracy}; the first one on a tie}
   *
   * @throws IllegalStateException if the training was stopped in its first epoch
   */
  public Epoch best() {
    requireEpochs();
    return best(history);
  }

  static Epoch best(List<Epoch> history) {
    Epoch best = history.get(0);
    for (Epoch epoch : history) {
      if (epoch.monitoredAccuracy() > best.monitoredAccuracy()) {
        best = epoch;
      }
    }
    return best;
  }

  /**
   * {@return training examples per second of all steps: shuffling and evaluation excluded; NaN
   * without a finished epoch}
   */
  public double examplesPerSecond() {
    return examples() / sum(Epoch::stepSeconds);
  }

  /**
   * {@return training examples per second of the whole epochs: only evaluation excluded; NaN
   * without a finished epoch}
   */
  public double wholeEpochExamplesPerSecond() {
    return examples() / sum(Epoch::trainSeconds);
  }

  /** {@return the seconds of everything: training and evaluation} */
  public double seconds() {
    return sum(Epoch::trainSeconds) + sum(Epoch::evaluationSeconds);
  }

  private void requireEpochs() {
    if (history.isEmpty()) {
      throw new IllegalStateException("the training was stopped before its first epoch was over");
    }
  }

  private double examples() {
    return sum(Epoch::examples);
  }

  private double sum(ToDoubleFunction<Epoch> value) {
    return history.stream().mapToDouble(value).sum();
  }
}
