package org.lenet4j.training;

import static org.lenet4j.training.HistoryLines.value;

import java.util.LinkedHashMap;
import java.util.Map;
import org.lenet4j.io.Json;

/**
 * A point of the chapter's animated plot.
 *
 * @param epoch epochs done, the part of the current one included: 2.4 is two fifths into the third
 * @param loss mean over the examples of the current epoch so far, each measured before the update
 *     that it took part in
 * @param trainAccuracy likewise, 0 to 1
 * @since 0.1.0
 */
public record CurvePoint(double epoch, double loss, double trainAccuracy) {
  static final String TYPE = "point";

  /** {@return one line of a history file, without its end} */
  public String toJson() {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("type", TYPE);
    fields.put("epoch", epoch);
    fields.put("loss", loss);
    fields.put("train_acc", trainAccuracy);
    return Json.line(fields);
  }

  static CurvePoint fromJson(Map<?, ?> fields) {
    return new CurvePoint(
        value(fields, "epoch"), value(fields, "loss"), value(fields, "train_acc"));
  }
}
