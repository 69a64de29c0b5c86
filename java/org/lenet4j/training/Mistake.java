package org.lenet4j.training;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.lenet4j.data.Dataset;

/**
 * An image that a network took for something else.
 *
 * @param index in the dataset
 * @param label its class
 * @param predicted what the network took it for
 * @param probability that the network gave to that
 */
public record Mistake(int index, int label, int predicted, float probability) {
  private static final int CHUNK = 1000;

  /** Those that the network was surest of, the surest first. */
  public static List<Mistake> mostConfident(LeNet net, Dataset dataset, int limit) {
    List<Mistake> mistakes = new ArrayList<>();
    for (int from = 0; from < dataset.size(); from += CHUNK) {
      int[] chunk = IntStream.range(from, Math.min(from + CHUNK, dataset.size())).toArray();
      float[][] probabilities = net.predictAll(images(dataset, chunk));
      for (int i : chunk) {
        float[] row = probabilities[i - from];
        int predicted = Evaluation.firstLargest(row);
        if (predicted != dataset.label(i)) {
          mistakes.add(new Mistake(i, dataset.label(i), predicted, row[predicted]));
        }
      }
    }
    mistakes.sort(Comparator.comparingDouble(mistake -> -mistake.probability));
    return List.copyOf(mistakes.subList(0, Math.min(limit, mistakes.size())));
  }

  private static byte[] images(Dataset dataset, int[] indices) {
    byte[] images = new byte[indices.length * Dataset.PIXELS];
    dataset.pixels().get(indices[0] * Dataset.PIXELS, images);
    return images;
  }
}
