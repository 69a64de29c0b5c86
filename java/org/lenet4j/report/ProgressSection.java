package org.lenet4j.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.lenet4j.report.Chart.Line;
import org.lenet4j.report.Chart.Point;
import org.lenet4j.training.ConfusionMatrix;
import org.lenet4j.training.CurvePoint;
import org.lenet4j.training.Epoch;

/** Status, main figures and curves: what changes while a training is under way. */
final class ProgressSection {
  private final Standing standing;

  private ProgressSection(Standing standing) {
    this.standing = standing;
  }

  static Html of(Standing standing) {
    return new ProgressSection(standing).html();
  }

  private Html html() {
    return Html.template(
        "progress.html",
        Map.of(
            "status", status(),
            "facts", Html.join(facts().stream()),
            "loss", lossChart().svg(),
            "accuracy", accuracyChart().svg(),
            "epochs", Html.join(standing.history().stream().map(ProgressSection::row))));
  }

  private Html status() {
    return standing.share().isEmpty()
        ? Html.of("%s", standing.status())
        : Html.of(
            "<label for=\"done\">%s</label><progress id=\"done\" value=\"%.4f\"></progress>",
            standing.status(), standing.share().getAsDouble());
  }

  private List<Html> facts() {
    List<Html> facts = new ArrayList<>();
    List<Epoch> history = standing.history();
    standing.test().map(ProgressSection::accuracy).ifPresent(facts::add);
    if (!history.isEmpty()) {
      Epoch last = history.get(history.size() - 1);
      if (standing.test().isEmpty()) {
        facts.add(fact("test accuracy", "%.3f", last.testAccuracy(), "epoch " + last.number()));
      }
      facts.add(fact("train accuracy", "%.3f", last.trainAccuracy(), "epoch " + last.number()));
      facts.add(fact("train loss", "%.3f", last.loss(), "epoch " + last.number()));
      facts.add(fact("examples/s", "%,.0f", last.examplesPerSecond(), "in training steps"));
      double seconds = sum(Epoch::trainSeconds) + sum(Epoch::evaluationSeconds);
      facts.add(fact("seconds", "%.1f", seconds, "training and evaluation"));
    }
    return facts;
  }

  private static Html accuracy(ConfusionMatrix test) {
    ConfusionMatrix.Interval ends = test.accuracyInterval();
    return fact(
        "test accuracy",
        "%.3f",
        test.accuracy(),
        Html.of("95 %% CI %.3f to %.3f", ends.low(), ends.high()));
  }

  private static Html fact(String name, String format, double value, Object note) {
    return Html.of(
        "<div><dt>%s</dt><dd>%s<small>%s</small></dd></div>", name, Html.of(format, value), note);
  }

  private double sum(ToDoubleFunction<Epoch> value) {
    return standing.history().stream().mapToDouble(value).sum();
  }

  private Chart lossChart() {
    return new Chart(
        "Train loss",
        Curves.xMax(standing.curve()),
        0.1,
        List.of(
            new Line(
                "train loss", "loss", Curves.points(standing.curve(), CurvePoint::loss), false)));
  }

  private Chart accuracyChart() {
    List<Line> lines = new ArrayList<>();
    lines.add(
        new Line(
            "train acc",
            "train",
            Curves.points(standing.curve(), CurvePoint::trainAccuracy),
            false));
    lines.add(new Line("test acc", "test", epochs(Epoch::testAccuracy), true));
    List<Point> validation = epochs(Epoch::validationAccuracy);
    if (!validation.isEmpty()) {
      lines.add(new Line("validation", "validation", validation, true));
    }
    return new Chart("Accuracy", Curves.xMax(standing.curve()), 1, lines);
  }

  private List<Point> epochs(ToDoubleFunction<Epoch> value) {
    return standing.history().stream()
        .map(epoch -> new Point(epoch.number(), value.applyAsDouble(epoch)))
        .filter(point -> !Double.isNaN(point.y()))
        .toList();
  }

  private static Html row(Epoch epoch) {
    return Html.of(
        "<tr><th scope=\"row\">%d</th><td>%.4g</td><td>%.3f</td><td>%.3f</td><td>%s</td>"
            + "<td>%.3f</td><td>%.3f</td><td>%,.0f</td><td>%.2f</td></tr>",
        epoch.number(),
        epoch.learningRate(),
        epoch.loss(),
        epoch.trainAccuracy(),
        Html.share(epoch.validationAccuracy()),
        epoch.testLoss(),
        epoch.testAccuracy(),
        epoch.examplesPerSecond(),
        epoch.trainSeconds() + epoch.evaluationSeconds());
  }
}
