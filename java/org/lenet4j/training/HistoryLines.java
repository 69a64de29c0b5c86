package org.lenet4j.training;

import java.util.List;
import java.util.Map;
import org.lenet4j.io.Json;

/** Reads the lines that {@link CurvePoint#toJson} and {@link Epoch#toJson} make. */
final class HistoryLines {
  private HistoryLines() {}

  /**
   * Adds what the lines hold. For a line that is not what it should be it throws an
   * IllegalArgumentException, ClassCastException or NullPointerException.
   */
  static void parse(String lines, List<CurvePoint> curve, List<Epoch> history) {
    for (String line : lines.lines().toList()) {
      Map<?, ?> fields = (Map<?, ?>) Json.parse(line);
      if (fields.get("type").equals(CurvePoint.TYPE)) {
        curve.add(CurvePoint.fromJson(fields));
      } else {
        history.add(Epoch.fromJson(fields));
      }
    }
  }

  /** NaN for what JSON has no number for. */
  static double value(Map<?, ?> fields, String name) {
    Object number = fields.get(name);
    return number == null ? Double.NaN : ((Number) number).doubleValue();
  }
}
