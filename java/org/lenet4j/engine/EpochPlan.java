package org.lenet4j.engine;

import java.util.Objects;

/**
 * One epoch, handed to an engine at once: which examples in which order, and the learning rate of
 * every step.
 *
 * @param dataset the id that {@link Engine#addDataset} gave
 * @param epoch number of the epoch from 0; augmentation draws its random numbers by it
 * @param order indices of examples; mini-batch i holds order[i * batchSize] and the following
 * @param batchSize examples in a mini-batch; the last one may be smaller
 * @param learningRates one per mini-batch
 * @since 0.1.0
 */
public record EpochPlan(int dataset, int epoch, int[] order, int batchSize, float[] learningRates) {
  /**
   * Copies the arrays.
   *
   * @throws IllegalArgumentException if there is no example, no rate for a step, or a rate that is
   *     not finite
   */
  public EpochPlan {
    order = Objects.requireNonNull(order, "order must not be null").clone();
    learningRates = Objects.requireNonNull(learningRates, "learningRates must not be null").clone();
    if (epoch < 0) {
      throw new IllegalArgumentException("epoch must not be negative, was " + epoch);
    }
    if (order.length == 0) {
      throw new IllegalArgumentException("order must name at least one example");
    }
    int batches = batches(order.length, batchSize);
    if (learningRates.length != batches) {
      throw new IllegalArgumentException(
          "need one learning rate per mini-batch: %d, got %d"
              .formatted(batches, learningRates.length));
    }
    for (float rate : learningRates) {
      if (!Float.isFinite(rate)) {
        throw new IllegalArgumentException("learning rates must be finite, one was " + rate);
      }
    }
  }

  /** {@return a copy of the order} */
  @Override
  public int[] order() {
    return order.clone();
  }

  /** {@return a copy of the learning rates} */
  @Override
  public float[] learningRates() {
    return learningRates.clone();
  }

  /** {@return the number of mini-batches in this epoch} */
  public int batches() {
    return learningRates.length;
  }

  /**
   * {@return the number of mini-batches that so many examples make, the smaller last one included}
   *
   * @param examples at least 0
   * @param batchSize at least 1
   * @throws IllegalArgumentException if the batch size is below 1
   */
  public static int batches(int examples, int batchSize) {
    if (batchSize < 1) {
      throw new IllegalArgumentException("batchSize must be at least 1, was " + batchSize);
    }
    return (int) (((long) examples + batchSize - 1) / batchSize);
  }
}
