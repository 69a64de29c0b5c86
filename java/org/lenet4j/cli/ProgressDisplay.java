package org.lenet4j.cli;

import java.time.Duration;
import java.util.Locale;
import java.util.function.Consumer;
import me.tongfei.progressbar.ProgressBar;
import org.lenet4j.training.CurvePoint;
import org.lenet4j.training.Epoch;
import org.lenet4j.training.Progress;

/**
 * Shows a training: one line an epoch, one a curve point if that was asked for, and on a terminal a
 * bar over all epochs below them.
 */
final class ProgressDisplay implements Consumer<Progress>, AutoCloseable {
  private static final long MESSAGE_NANOS = 200_000_000;

  private final Output output;
  private final boolean showsPoints;
  private final long start = System.nanoTime();
  private ProgressBar bar;
  private String metrics = "";
  private long messageTime = start;

  /** Examples of the run that another process trained on before a resume; -1 before it is known. */
  private long before = -1;

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
    if (before < 0) {
      before = progress.examples();
    }
    if (bar == null) {
      bar =
          output
              .bar()
              .setTaskName("epoch %d/%d".formatted(progress.epoch(), progress.epochs()))
              .setInitialMax(progress.totalExamples())
              .setUnit(" examples", 1)
              .startsFrom(progress.examples(), Duration.ofNanos(System.nanoTime() - start))
              .build();
    }
    bar.stepTo(progress.examples());
    progress.point().ifPresent(point -> metrics = ", " + results(point));
    long now = System.nanoTime();
    if (now - messageTime > MESSAGE_NANOS) {
      messageTime = now;
      // Not the library's own speed, which counts in whole seconds.
      double rate = (progress.examples() - before) / ((now - start) * 1e-9);
      bar.setExtraMessage(String.format(Locale.US, " %,.0f examples/s%s", rate, metrics));
    }
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
