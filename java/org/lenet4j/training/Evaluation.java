package org.lenet4j.training;

import java.util.Arrays;
import java.util.Objects;
import org.lenet4j.data.Dataset;
import org.lenet4j.engine.Engine;
import org.lenet4j.engine.Layer;

/**
 * How well a network does on a dataset.
 *
 * @param loss the mean cross-entropy per example
 * @param confusion of the true and the predicted classes
 * @since 0.1.0
 */
public record Evaluation(double loss, ConfusionMatrix confusion) {
  /** Images whose logits are fetched at once, so that memory does not grow with the dataset. */
  private static final int CHUNK = 4096;

  public Evaluation {
    Objects.requireNonNull(confusion, "confusion must not be null");
  }

  /** Evaluates on the engine's device. */
  static Evaluation of(Engine engine, Dataset dataset) {
    int id = engine.addDataset(dataset);
    double loss;
    try {
      loss = engine.evaluate(id).loss();
    } finally {
      engine.removeDataset(id);
    }
    int[] labels = new int[dataset.size()];
    dataset.labels().get(labels);
    return new Evaluation(
        loss, ConfusionMatrix.of(engine.config().classes(), labels, predictions(engine, dataset)));
  }

  /** From the logits, since two different ones may have the same probability. */
  private static int[] predictions(Engine engine, Dataset dataset) {
    int classes = engine.config().classes();
    int[] predictions = new int[dataset.size()];
    for (int from = 0; from < predictions.length; from += CHUNK) {
      int count = Math.min(CHUNK, predictions.length - from);
      float[] logits = engine.output(Layer.FC3, dataset.images(from, count));
      for (int i = 0; i < count; i++) {
        float[] row = Arrays.copyOfRange(logits, i * classes, (i + 1) * classes);
        predictions[from + i] = argmax(row);
      }
    }
    return predictions;
  }

  /** The index of the largest value; of the first one on a tie. */
  static int argmax(float[] values) {
    int best = 0;
    for (int i = 1; i < values.length; i++) {
      if (values[i] > values[best]) {
        best = i;
      }
    }
    return best;
  }

  /** {@return the share of correct examples} */
  public double accuracy() {
    return confusion.accuracy();
  }

  /** {@return the number of examples} */
  public long count() {
    return confusion.total();
  }
}
