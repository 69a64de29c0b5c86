package org.lenet4j.report;

import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.lenet4j.training.ConfusionMatrix;
import org.lenet4j.training.CurvePoint;
import org.lenet4j.training.Epoch;
import org.lenet4j.training.Training;

/**
 * How far a training is.
 *
 * @param status a sentence
 * @param share of all examples to train on that are done, 0 to 1; empty after its end
 * @param test what the network does on the test set, once the training has ended: in the middle of
 *     an epoch that is not what it did after the last one
 */
record Standing(
    List<CurvePoint> curve,
    List<Epoch> history,
    String status,
    OptionalDouble share,
    Optional<ConfusionMatrix> test) {
  static Standing of(Training training, ConfusionMatrix test) {
    return new Standing(
        training.curve(),
        training.history(),
        status(training),
        OptionalDouble.empty(),
        Optional.of(test));
  }

  private static String status(Training training) {
    int epochs = training.history().size();
    return switch (training.outcome()) {
      case COMPLETE -> "Finished after %d epochs".formatted(epochs);
      case TARGET_REACHED -> "Finished: target accuracy reached in epoch %d".formatted(epochs);
      case NO_IMPROVEMENT ->
          "Finished: no better accuracy since epoch %d".formatted(training.best().number());
      case STOPPED -> "Stopped in epoch %d".formatted(epochs + 1);
    };
  }
}
