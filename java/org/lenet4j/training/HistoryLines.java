package org.lenet4j.training;

import java.util.List;
import java.util.Map;
import org.lenet4j.io.Json;

/** Reads the lines that {@link CurvePoint#toJson} and {@link Epoch#toJson} make. */
final class HistoryLines {
  private HistoryLines() {}

  /**
   * Adds what the lines hold.
   *
   * @throws IllegalArgumentException or one of its kin if a line is not what it should be
   */
  static void parse(String lines, List<CurvePoint> curve, List<Epoch> history) {
    for (String line : lines.lines().toList()) {
      Map<?, ?> fields = (Map<?, ?>) Json.parse(line);
      if (fields.get("type").equals(CurvePoint.TYPE)) {
        curve.add(
            new CurvePoint(
                number(fields, "epoch"), number(fields, "loss"), number(fields, "train_acc")));
      } else {
        history.add(epoch(fields));
      }
    }
  }

  private static Epoch epoch(Map<?, ?> fields) {
    return new Epoch(
        (int) number(fields, "epoch"),
        number(fields, "lr"),
        number(fields, "loss"),
        number(fields, "train_acc"),
        number(fields, "val_loss"),
        number(fields, "val_acc"),
        number(fields, "test_loss"),
        number(fields, "test_acc"),
        (long) number(fields, "examples"),
        number(fields, "step_seconds"),
        number(fields, "train_seconds"),
        number(fields, "evaluation_seconds"));
  }

  private static double number(Map<?, ?> fields, String name) {
    Object value = fields.get(name);
    return value == null ? Double.NaN : ((Number) value).doubleValue();
  }
}
