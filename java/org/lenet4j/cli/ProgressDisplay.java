package org.lenet4j.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;
import me.tongfei.progressbar.ProgressBar;
import org.lenet4j.training.CurvePoint;
import org.lenet4j.training.Epoch;
import org.lenet4j.training.Progress;

/**
 * Shows a training: one line an epoch, one a curve point if that was asked for, and on a terminal,
 * below them, one that changes until the training ends.
 */
final class ProgressDisplay implements Consumer<Progress>, AutoCloseable {
  private static final long UPDATE_NANOS = 200_000_000;

  private final Output output;
  private final boolean showsPoints;
  private final ProgressLine line = new ProgressLine();
  private ProgressBar bar;
  private Optional<CurvePoint> lastPoint = Optional.empty();
  private long updated;

  /** Examples at the first report, from which the rate counts; -1 before it. */
  private long before = -1;

  /** When the first report came. */
  private long start;

  ProgressDisplay(Output output, boolean showsPoints) {
    this.output = output;
    this.showsPoints = showsPoints;
  }

  @Override
  public void accept(Progress progress) {
    progress.point().ifPresent(point -> show(point, progress));
    progress.finished().ifPresent(epoch -> finish(epoch, progress.epochs()));
    if (output.showsBars() && progress.finished().isEmpty()) {
      advance(progress);
    }
  }

  private void show(CurvePoint point, Progress progress) {
    output.json(point.toJson());
    if (showsPoints) {
      close();
      output.info(
          "epoch %d/%d, step %d/%d: %s"
              .formatted(
                  progress.epoch(),
                  progress.epochs(),
                  progress.step(),
                  progress.steps(),
                  results(point)));
    }
  }

  private void finish(Epoch epoch, int epochs) {
    close();
    output.json(epoch.toJson());
    output.info("epoch %d/%d: %s".formatted(epoch.number(), epochs, results(epoch)));
  }

  private void advance(Progress progress) {
    long now = System.nanoTime();
    if (before < 0) {
      before = progress.examples();
      start = now;
    }
    if (progress.point().isPresent()) {
      lastPoint = progress.point();
    }
    if (bar == null || now - updated > UPDATE_NANOS) {
      updated = now;
      line.show(parts(progress, (now - start) * 1e-9));
    }
    if (bar == null) {
      bar = output.bar().setRenderer(line).setInitialMax(progress.totalExamples()).build();
    }
    bar.stepTo(progress.examples());
  }

  /** Evaluations are part of the time: this is how fast the end comes nearer. */
  private List<String> parts(Progress progress, double seconds) {
    List<String> parts = new ArrayList<>();
    parts.add("epoch %d/%d".formatted(progress.epoch(), progress.epochs()));
    lastPoint.ifPresent(
        point -> {
          parts.add(String.format(Locale.US, "loss %.3f", point.loss()));
          parts.add(String.format(Locale.US, "train acc %.3f", point.trainAccuracy()));
        });
    double rate = (progress.examples() - before) / seconds;
    if (rate > 0) {
      parts.add(String.format(Locale.US, "%,.0f examples/s", rate));
      parts.add("ETA " + duration((progress.totalExamples() - progress.examples()) / rate));
    }
    return parts;
  }

  private static String duration(double seconds) {
    long whole = Math.round(seconds);
    return whole < 3600
        ? "%d:%02d".formatted(whole / 60, whole % 60)
        : "%d:%02d:%02d".formatted(whole / 3600, whole / 60 % 60, whole % 60);
  }

  private static String results(CurvePoint point) {
    return String.format(
        Locale.US, "loss %.3f, train acc %.3f", point.loss(), point.trainAccuracy());
  }

  /** The chapter's line, and the validation's accuracy if there is one. */
  static String results(Epoch epoch) {
    String validation =
        Double.isNaN(epoch.validationAccuracy())
            ? ""
            : String.format(Locale.US, "val acc %.3f, ", epoch.validationAccuracy());
    return String.format(
        Locale.US,
        "loss %.3f, train acc %.3f, %stest acc %.3f",
        epoch.loss(),
        epoch.trainAccuracy(),
        validation,
        epoch.testAccuracy());
  }

  /** Takes the bar from the screen. */
  @Override
  public void close() {
    if (bar != null) {
      bar.close();
      bar = null;
    }
  }
}
