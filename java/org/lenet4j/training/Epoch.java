package org.lenet4j.training;

import static org.lenet4j.training.HistoryLines.value;

import java.util.LinkedHashMap;
import java.util.Map;
import org.lenet4j.io.Json;

/**
 * A finished epoch.
 *
 * @param number from 1
 * @param learningRate of its last step
 * @param loss mean training loss over the epoch, each mini-batch measured before its update
 * @param trainAccuracy likewise, 0 to 1
 * @param validationLoss mean loss on the validation set after the epoch; NaN without one
 * @param validationAccuracy on the validation set after the epoch, 0 to 1; NaN without one
 * @param testLoss mean loss on the test set after the epoch
 * @param testAccuracy on the test set after the epoch, 0 to 1
 * @param examples trained on
 * @param stepSeconds spent in training steps alone
 * @param trainSeconds from the shuffle to the last step
 * @param evaluationSeconds spent on the validation and the test set
 * @since 0.1.0
 */
public record Epoch(
    int number,
    double learningRate,
    double loss,
    double trainAccuracy,
    double validationLoss,
    double validationAccuracy,
    double testLoss,
    double testAccuracy,
    long examples,
    double stepSeconds,
    double trainSeconds,
    double evaluationSeconds) {
  static final String TYPE = "epoch";

  /**
   * {@return the accuracy that decides which epoch was the best one and when to stop: that on the
   * validation set if there is one, else that on the test set}
   */
  public double monitoredAccuracy() {
    return Double.isNaN(validationAccuracy) ? testAccuracy : validationAccuracy;
  }

  /** {@return the chapter's examples/sec: what the training steps alone reach} */
  public double examplesPerSecond() {
    return examples / stepSeconds;
  }

  /** {@return one line of a history file, without its end} */
  public String toJson() {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("type", TYPE);
    fields.put("epoch", number);
    fields.put("lr", learningRate);
    fields.put("loss", loss);
    fields.put("train_acc", trainAccuracy);
    fields.put("val_loss", validationLoss);
    fields.put("val_acc", validationAccuracy);
    fields.put("test_loss", testLoss);
    fields.put("test_acc", testAccuracy);
    fields.put("examples", examples);
    fields.put("step_seconds", stepSeconds);
    fields.put("train_seconds", trainSeconds);
    fields.put("evaluation_seconds", evaluationSeconds);
    fields.put("examples_per_sec", examplesPerSecond());
    return Json.line(fields);
  }

  static Epoch fromJson(Map<?, ?> fields) {
    return new Epoch(
        (int) value(fields, "epoch"),
        value(fields, "lr"),
        value(fields, "loss"),
        value(fields, "train_acc"),
        value(fields, "val_loss"),
        value(fields, "val_acc"),
        value(fields, "test_loss"),
        value(fields, "test_acc"),
        (long) value(fields, "examples"),
        value(fields, "step_seconds"),
        value(fields, "train_seconds"),
        value(fields, "evaluation_seconds"));
  }
}
