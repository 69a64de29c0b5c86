package org.lenet4j.training;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import org.lenet4j.data.Dataset;

/**
 * An image that a network took for something else.
 *
 * @param index in the dataset
 * @param label its class
 * @param predicted what the network took it for
 * @param probability that the network gave to that
 * @since 0.1.0
 */
public record Mistake(int index, int label, int predicted, float probability) {
  private static final int CHUNK = 1000;

  /**
   * Those that the network was surest of, the surest first.
   *
   * @param net that makes them
   * @param dataset that it makes them on
   * @param limit how many to keep, at least 0
   * @return fewer if the network makes fewer
   * @throws IllegalArgumentException if the limit is negative
   */
  public static List<Mistake> mostConfident(LeNet net, Dataset dataset, int limit) {
    Objects.requireNonNull(net, "net must not be null");
    Objects.requireNonNull(dataset, "dataset must not be null");
    if (limit < 0) {
      throw new IllegalArgumentException("limit must not be negative, was " + limit);
    }
    List<Mistake> mistakes = new ArrayList<>();
    for (int from = 0; from < dataset.size(); from += CHUNK) {
      int count = Math.min(CHUNK, dataset.size() - from);
      float[][] probabilities = net.predictAll(dataset.images(from, count));
      for (int i = 0; i < count; i++) {
        int label = dataset.label(from + i);
        int predicted = Evaluation.argmax(probabilities[i]);
        if (predicted != label) {
          mistakes.add(new Mistake(from + i, label, predicted, probabilities[i][predicted]));
        }
      }
    }
    mistakes.sort(Comparator.comparingDouble(mistake -> -mistake.probability));
    return List.copyOf(mistakes.subList(0, Math.min(limit, mistakes.size())));
  }
}
