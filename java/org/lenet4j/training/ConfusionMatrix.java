package org.lenet4j.training;

import java.util.Objects;
import org.lenet4j.data.Dataset;

/**
 * How often examples of each class were taken for each class, and the usual measures that follow
 * from it. A measure whose denominator is 0, such as the precision of a class that was never
 * predicted, is NaN.
 *
 * @since 0.1.0
 */
public final class ConfusionMatrix {
  /** 97.5 % of a standard normal distribution lie below it. */
  private static final double Z = 1.959963984540054;

  /**
   * A confidence interval.
   *
   * @param low its lower end, 0 to 1
   * @param high its upper end, 0 to 1
   * @since 0.1.0
   */
  public record Interval(double low, double high) {}

  private final int classes;

  /** [true class][predicted class]. */
  private final long[] counts;

  private ConfusionMatrix(int classes, long[] counts) {
    this.classes = classes;
    this.counts = counts;
  }

  /**
   * Counts predictions.
   *
   * @param classes how many there are; labels are 0 to classes - 1
   * @param labels the true class of each example, at least one
   * @param predictions the predicted class of each example
   * @return the counts
   * @throws IllegalArgumentException if the lengths differ or are 0, or a class is out of range
   */
  public static ConfusionMatrix of(int classes, int[] labels, int[] predictions) {
    Objects.requireNonNull(labels, "labels must not be null");
    Objects.requireNonNull(predictions, "predictions must not be null");
    if (labels.length != predictions.length || labels.length == 0) {
      throw new IllegalArgumentException(
          "expected as many predictions as labels and at least one, got %d and %d"
              .formatted(predictions.length, labels.length));
    }
    if (classes < 1 || classes > Dataset.MAX_CLASSES) {
      throw new IllegalArgumentException(
          "classes must be 1 to %d, was %d".formatted(Dataset.MAX_CLASSES, classes));
    }
    long[] counts = new long[classes * classes];
    for (int i = 0; i < labels.length; i++) {
      requireClass("label", i, labels[i], classes);
      requireClass("prediction", i, predictions[i], classes);
      counts[labels[i] * classes + predictions[i]]++;
    }
    return new ConfusionMatrix(classes, counts);
  }

  private static void requireClass(String what, int i, int value, int classes) {
    if (value < 0 || value >= classes) {
      throw new IllegalArgumentException(
          "%s %d is %d, expected 0 to %d".formatted(what, i, value, classes - 1));
    }
  }

  /** {@return the number of classes} */
  public int classes() {
    return classes;
  }

  /**
   * The examples of one class that were taken for another.
   *
   * @param trueClass the row
   * @param predicted the column
   * @return how many there are
   */
  public long count(int trueClass, int predicted) {
    return counts[
        Objects.checkIndex(trueClass, classes) * classes + Objects.checkIndex(predicted, classes)];
  }

  /** {@return the number of all examples} */
  public long total() {
    return sum(0, 1, classes * classes);
  }

  /** {@return the number of examples whose predicted class is the true one} */
  public long correct() {
    return sum(0, classes + 1, classes);
  }

  /**
   * {@return the number of examples that truly are of a class: the sum of its row}
   *
   * @param c the class, from 0
   */
  public long support(int c) {
    return sum(Objects.checkIndex(c, classes) * classes, 1, classes);
  }

  /**
   * {@return the number of examples that were taken for a class: the sum of its column}
   *
   * @param c the class, from 0
   */
  public long predicted(int c) {
    return sum(Objects.checkIndex(c, classes), classes, classes);
  }

  /** {@return the share of all examples that is correct} */
  public double accuracy() {
    return (double) correct() / total();
  }

  /** {@return the standard error of the accuracy: sqrt(a (1 - a) / n)} */
  public double standardError() {
    double a = accuracy();
    return Math.sqrt(a * (1 - a) / total());
  }

  /**
   * Wilson's score interval (Journal of the American Statistical Association 22, 1927), which holds
   * the accuracy on all possible examples with a confidence of 95 %. Unlike the accuracy plus and
   * minus twice its standard error it stays within 0 to 1 and is right for few examples too.
   *
   * @return the interval
   */
  public Interval accuracyInterval() {
    double n = total();
    double a = accuracy();
    double shrink = 1 / (1 + Z * Z / n);
    double centre = shrink * (a + Z * Z / (2 * n));
    double half = shrink * Z * Math.sqrt(a * (1 - a) / n + Z * Z / (4 * n * n));
    return new Interval(Math.max(0, centre - half), Math.min(1, centre + half));
  }

  /**
   * {@return of the examples taken for a class, the share that is of it; NaN if there are none}
   *
   * @param c the class, from 0
   */
  public double precision(int c) {
    return (double) count(c, c) / predicted(c);
  }

  /**
   * {@return of the examples of a class, the share that was taken for it; NaN if there are none}
   *
   * @param c the class, from 0
   */
  public double recall(int c) {
    return (double) count(c, c) / support(c);
  }

  /**
   * {@return the harmonic mean of precision and recall; NaN if the class never occurs in either
   * way}
   *
   * @param c the class, from 0
   */
  public double f1(int c) {
    return 2.0 * count(c, c) / (support(c) + predicted(c));
  }

  private long sum(int from, int step, int cells) {
    long sum = 0;
    for (int i = 0; i < cells; i++) {
      sum += counts[from + i * step];
    }
    return sum;
  }
}
