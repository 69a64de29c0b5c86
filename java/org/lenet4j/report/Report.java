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
  private Report() {}

  /**
   * Writes the file.
   *
   * @param net as the training left it
   * @param test that the training was evaluated on
   * @throws org.lenet4j.LeNetException if the file cannot be written; an older one is then
   *     untouched
   */
  public static void write(Path file, Run run, LeNet net, Dataset test, Training training) {
    ConfusionMatrix matrix = net.evaluate(test).confusion();
    Html progress = ProgressSection.of(Standing.of(training, matrix.accuracyInterval()));
    byte[] page =
        Page.still(run, progress, ResultsSection.of(net, test, matrix))
            .markup()
            .getBytes(StandardCharsets.UTF_8);
    AtomicFile.write(file, out -> out.write(page));
  }
}
