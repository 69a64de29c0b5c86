package org.lenet4j.cli;

import java.time.Duration;
import java.util.Locale;
import java.util.function.Consumer;
import me.tongfei.progressbar.ProgressBar;
import org.lenet4j.training.Epoch;
import org.lenet4j.training.Progress;

/** Shows a training: one line an epoch, and on a terminal a bar over all epochs below them. */
final class ProgressDisplay implements Consumer<Progress>, AutoCloseable {
  private static final long MESSAGE_NANOS = 200_000_000;

  private final Output output;
  private final long start = System.nanoTime();
  private ProgressBar bar;
  private double loss = Double.NaN;
  private long messageTime = start;

  ProgressDisplay(Output output) {
    this.output = output;
  }

  @Override
  public void accept(Progress progress) {
    progress.finished().ifPresent(epoch -> finish(epoch, progress.epochs()));
    if (output.showsBars() && progress.finished().isEmpty()) {
      advance(progress);
    }
  }

  private void finish(Epoch epoch, int epochs) {
    close();
    output.info("epoch %d/%d: %s".formatted(epoch.number(), epochs, results(epoch)));
  }

  private void advance(Progress progress) {
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
    progress.point().ifPresent(point -> loss = point.loss());
    long now = System.nanoTime();
    if (now - messageTime > MESSAGE_NANOS) {
      messageTime = now;
      // Not the library's own speed, which counts in whole seconds.
      double rate = progress.examples() / ((now - start) * 1e-9);
      bar.setExtraMessage(String.format(Locale.ROOT, " %,.0f examples/s, loss %.3f", rate, loss));
    }
  }

  /** The chapter's line. */
  static String results(Epoch epoch) {
    return String.format(
        Locale.ROOT,
        "loss %.3f, train acc %.3f, test acc %.3f",
        epoch.loss(),
        epoch.trainAccuracy(),
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
