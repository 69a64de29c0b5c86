package org.lenet4j.cli;

import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.lenet4j.LeNetException;
import org.lenet4j.data.Dataset;
import org.lenet4j.io.Json;
import org.lenet4j.report.Curves;
import org.lenet4j.report.Report;
import org.lenet4j.report.Run;
import org.lenet4j.training.Checkpoint;
import org.lenet4j.training.Epoch;
import org.lenet4j.training.LeNet;
import org.lenet4j.training.Trainer;
import org.lenet4j.training.Training;
import org.lenet4j.training.Training.Outcome;

/** One training as a user sees it: its run folder, its lines on the terminal, and Ctrl-C. */
record TrainingRun(
    LeNet net,
    Dataset train,
    Dataset test,
    RunFolder folder,
    Output output,
    boolean logsPoints,
    WatchOptions watching) {
  /** What a shell expects of a process that Ctrl-C ended. */
  private static final int INTERRUPTED = 130;

  /**
   * Trains, from the folder's last checkpoint if there is one.
   *
   * @param save where to save the final weights too; null for nowhere
   * @param title of the plot
   * @return the exit status
   */
  int run(Trainer trainer, Path save, String title) {
    Optional<Checkpoint> checkpoint = lastCheckpoint();
    Run description = description();
    // Until the last line is out, or the JVM would end before it.
    try (Interruption interruption = new Interruption();
        Watchers watchers = watching.open(description, checkpoint, output)) {
      Training training =
          fit(
              trainer.stopWhen(() -> interruption.requested() || watchers.stopRequested()),
              checkpoint,
              watchers);
      long uptimeMillis = ManagementFactory.getRuntimeMXBean().getUptime();
      if (training.outcome() == Outcome.STOPPED) {
        String stopped =
            "stopped in epoch %d; go on with: lenet4j train --resume %s"
                .formatted(
                    training.history().size() + 1, RunConfig.quoted(folder.path().toString()));
        output.result(stopped); // At once: whoever stops a training is not for waiting.
        show(training, title, description, watchers, "The training " + stopped);
        output.json(end(training));
        return INTERRUPTED;
      }
      net.save(folder.weights());
      if (save != null) {
        net.save(save);
      }
      show(training, title, description, watchers, "The training has ended. This is its report.");
      report(training, uptimeMillis, save);
      return 0;
    }
  }

  private Optional<Checkpoint> lastCheckpoint() {
    Optional<Checkpoint> last =
        Files.exists(folder.last())
            ? Optional.of(Checkpoint.load(folder.last()))
            : Optional.empty();
    last.ifPresent(
        checkpoint ->
            output.info(
                "resuming after %d epochs and %d steps"
                    .formatted(checkpoint.history().size(), checkpoint.state().position())));
    return last;
  }

  private Training fit(Trainer trainer, Optional<Checkpoint> checkpoint, Watchers watchers) {
    try (HistoryFile history =
            new HistoryFile(
                folder.history(),
                checkpoint.map(Checkpoint::history).orElse(List.of()),
                checkpoint.map(Checkpoint::curve).orElse(List.of()));
        ProgressDisplay display = new ProgressDisplay(output, logsPoints)) {
      Trainer observed =
          trainer
              .onCheckpoint(this::save)
              .onProgress(
                  progress -> {
                    history.accept(progress);
                    display.accept(progress);
                    watchers.accept(progress);
                  });
      return checkpoint.isPresent()
          ? observed.resume(net, train, test, checkpoint.get())
          : observed.fit(net, train, test);
    }
  }

  /** The best one first: if only that gets written, the run goes on from before it. */
  private void save(Checkpoint checkpoint) {
    if (checkpoint.isBest()) {
      checkpoint.save(folder.best());
    }
    checkpoint.save(folder.last());
  }

  /** Side by side: most of either is the first use of classes, and processors are idle by now. */
  private void show(
      Training training, String title, Run description, Watchers watchers, String ending) {
    CompletableFuture<Runnable> curves =
        CompletableFuture.supplyAsync(() -> drawCurves(training, title));
    Runnable report =
        draw(
            folder.report(),
            "report in " + folder.report(),
            () -> {
              Report page = Report.of(description, net, test, training);
              page.write(folder.report());
              watchers.finish(page, ending);
            });
    curves.join().run();
    report.run();
  }

  private Runnable drawCurves(Training training, String title) {
    if (training.history().isEmpty()) {
      return () -> {}; // A curve of test accuracies begins with one.
    }
    Runnable png =
        draw(
            folder.png(),
            "curves in " + folder.png(),
            () -> CurvesPlot.write(folder.png(), training, title));
    Runnable svg =
        draw(
            folder.svg(),
            "curves in " + folder.svg(),
            () -> Curves.write(folder.svg(), training, title));
    return () -> {
      png.run();
      svg.run();
    };
  }

  /** Returns what says how it went. A training is not lost for want of a picture. */
  private Runnable draw(Path file, String done, Runnable drawing) {
    try {
      drawing.run();
      return () -> output.info(done);
    } catch (Exception | LinkageError | InternalError e) {
      // A JDK without fonts or a native AWT library throws errors of the latter kinds.
      Object reason = e instanceof LeNetException ? e.getMessage() : e;
      return () -> output.warn("%s was not drawn: %s".formatted(file, reason));
    }
  }

  private Run description() {
    RunConfig config = RunConfig.read(folder.config());
    return new Run(
        String.valueOf(folder.path().toAbsolutePath().normalize().getFileName()),
        NetworkOptions.describe(net),
        config.command(),
        config.table());
  }

  private void report(Training training, long uptimeMillis, Path save) {
    output.info("history in " + folder.history());
    output.info("best epoch, %d, in %s".formatted(training.best().number(), folder.best()));
    output.info("weights in " + folder.weights() + (save == null ? "" : " and " + save));
    why(training, uptimeMillis).ifPresent(output::result);
    output.result(ProgressDisplay.results(training.last()));
    output.result(
        String.format(
            Locale.US,
            "%.0f examples/sec on %s (%.0f over whole epochs, shuffling included)",
            training.examplesPerSecond(),
            net.device(),
            training.wholeEpochExamplesPerSecond()));
    output.json(end(training));
  }

  /** Why a training ended before its last epoch. */
  private static Optional<String> why(Training training, long uptimeMillis) {
    Epoch last = training.last();
    return switch (training.outcome()) {
      case TARGET_REACHED ->
          Optional.of(
              String.format(
                  Locale.US,
                  "accuracy %.4f reached in epoch %d, after %.2f s of training and evaluation, %.2f"
                      + " s after the JVM's start",
                  last.monitoredAccuracy(),
                  last.number(),
                  training.seconds(),
                  uptimeMillis * 1e-3));
      case NO_IMPROVEMENT ->
          Optional.of(
              String.format(
                  Locale.US,
                  "stopped early in epoch %d: no better accuracy since %.4f in epoch %d",
                  last.number(),
                  training.best().monitoredAccuracy(),
                  training.best().number()));
      default -> Optional.empty();
    };
  }

  private String end(Training training) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("type", "end");
    fields.put("outcome", Converters.lower(training.outcome()));
    fields.put("epochs", training.history().size());
    fields.put("out", folder.path().toString());
    fields.put("device", net.description());
    if (!training.history().isEmpty()) {
      fields.put("test_acc", training.last().testAccuracy());
      fields.put("best_epoch", training.best().number());
      fields.put("examples_per_sec", training.examplesPerSecond());
      fields.put("seconds", training.seconds());
    }
    return Json.line(fields);
  }
}
