package org.lenet4j.training;

import java.util.Objects;
import java.util.Optional;

/**
 * Where a training stands; reported after every step and once more after each epoch's evaluation.
 *
 * @param epoch the current one, from 1
 * @param epochs in all
 * @param step mini-batches of this epoch done
 * @param steps mini-batches of an epoch
 * @param examples trained on since the training began
 * @param totalExamples that it will be in the end
 * @param point the curve point that this step made, if it made one
 * @param finished the epoch that the evaluation completed, if this is its report
 * @since 0.1.0
 */
public record Progress(
    int epoch,
    int epochs,
    int step,
    int steps,
    long examples,
    long totalExamples,
    Optional<CurvePoint> point,
    Optional<Epoch> finished) {
  public Progress {
    Objects.requireNonNull(point, "point must not be null");
    Objects.requireNonNull(finished, "finished must not be null");
  }
}
