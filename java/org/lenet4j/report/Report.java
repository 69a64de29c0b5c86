package org.lenet4j.report;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Objects;
import org.lenet4j.data.Dataset;
import org.lenet4j.io.AtomicFile;
import org.lenet4j.training.ConfusionMatrix;
import org.lenet4j.training.LeNet;
import org.lenet4j.training.Training;

/**
 * What came out of a training, as one HTML file that needs nothing else: curves, accuracy with its
 * 95 % interval, confusion matrix and figures of each class, the most confident mistakes, filters
 * and activations, layers, and how to repeat it.
 *
 * @since 0.1.0
 */
public final class Report {
  private final Run run;
  private final Html progress;
  private final Html results;

  private Report(Run run, Html progress, Html results) {
    this.run = run;
    this.progress = progress;
    this.results = results;
  }

  /**
   * Puts a report together.
   *
   * @param run what the page says of the training
   * @param net as the training left it
   * @param test that the training was evaluated on
   * @param training what it was like
   * @return the report
   */
  public static Report of(Run run, LeNet net, Dataset test, Training training) {
    Objects.requireNonNull(run, "run must not be null");
    Objects.requireNonNull(net, "net must not be null");
    Objects.requireNonNull(test, "test must not be null");
    Objects.requireNonNull(training, "training must not be null");
    ConfusionMatrix matrix = net.evaluate(test).confusion();
    return new Report(
        run,
        ProgressSection.of(Standing.of(training, matrix)),
        ResultsSection.of(net, test, matrix));
  }

  Html progress() {
    return progress;
  }

  Html results() {
    return results;
  }

  /**
   * Writes the file.
   *
   * @param file a name ending in {@code .html}, by custom
   * @throws org.lenet4j.LeNetException if it cannot be written; an older one is then untouched
   */
  public void write(Path file) {
    byte[] page = Page.still(run, progress, results).markup().getBytes(StandardCharsets.UTF_8);
    AtomicFile.write(file, out -> out.write(page));
  }
}
