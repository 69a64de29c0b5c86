package org.lenet4j.report;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.lenet4j.data.Dataset;
import org.lenet4j.io.AtomicFile;
import org.lenet4j.training.ConfusionMatrix;
import org.lenet4j.training.LeNet;
import org.lenet4j.training.Training;

/**
 * What came out of a training, as one HTML file that needs nothing else: curves, accuracy with its
 * 95 % interval, confusion matrix and figures of each class, the most confident mistakes, filters
 * and activations, layers, and how to repeat it.
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
   * @param net as the training left it
   * @param test that the training was evaluated on
   */
  public static Report of(Run run, LeNet net, Dataset test, Training training) {
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
   * @throws org.lenet4j.LeNetException if it cannot be written; an older one is then untouched
   */
  public void write(Path file) {
    byte[] page = Page.still(run, progress, results).markup().getBytes(StandardCharsets.UTF_8);
    AtomicFile.write(file, out -> out.write(page));
  }
}
