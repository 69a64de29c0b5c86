package org.lenet4j.report;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.function.ToDoubleFunction;
import org.lenet4j.io.AtomicFile;
import org.lenet4j.report.Chart.Line;
import org.lenet4j.report.Chart.Point;
import org.lenet4j.training.CurvePoint;
import org.lenet4j.training.Training;

/**
 * The chapter's plot as an SVG file: train loss, train accuracy and test accuracy over epochs.
 *
 * @since 0.1.0
 */
public final class Curves {
  private Curves() {}

  /**
   * Writes the file.
   *
   * @param file to write, or to replace
   * @param training of one finished epoch at least
   * @param title above the plot
   * @throws org.lenet4j.LeNetException if it cannot be written; an older one is then untouched
   */
  public static void write(Path file, Training training, String title) {
    Objects.requireNonNull(file, "file must not be null");
    Objects.requireNonNull(training, "training must not be null");
    Objects.requireNonNull(title, "title must not be null");
    List<Point> test =
        training.history().stream()
            .map(epoch -> new Point(epoch.number(), epoch.testAccuracy()))
            .toList();
    Chart chart =
        new Chart(
            title,
            Math.max(training.last().number(), xMax(training.curve())),
            1,
            List.of(
                new Line("train loss", "loss", points(training.curve(), CurvePoint::loss), false),
                new Line(
                    "train acc",
                    "train",
                    points(training.curve(), CurvePoint::trainAccuracy),
                    false),
                new Line("test acc", "test", test, true)));
    byte[] picture = chart.file().markup().getBytes(StandardCharsets.UTF_8);
    AtomicFile.write(file, out -> out.write(picture));
  }

  /** The curve's last epoch, even if it is not over; at least 1, as an axis needs it. */
  static double xMax(List<CurvePoint> curve) {
    return Math.max(
        1, curve.stream().mapToDouble(point -> Math.ceil(point.epoch())).max().orElse(1));
  }

  static List<Point> points(List<CurvePoint> curve, ToDoubleFunction<CurvePoint> value) {
    return curve.stream()
        .map(point -> new Point(point.epoch(), value.applyAsDouble(point)))
        .toList();
  }
}
