package org.lenet4j.training;

/**
 * How the learning rate moves while a training goes on.
 *
 * <p>Time is counted in epochs and does not care how many steps an epoch has. A step takes its rate
 * from its middle: of 235 steps, the first one from epoch 0.5 / 235. The rates of an epoch are
 * handed to the engine before it begins, so every engine has the same ones.
 *
 * @since 0.1.0
 */
@FunctionalInterface
public interface Schedule {
  /**
   * The learning rate as a multiple of {@link Trainer#learningRate}.
   *
   * @param epoch since the training began, from 0; 2.4 is two fifths into the third
   * @param epochs the length of the training
   * @return 0 or more
   */
  double factor(double epoch, double epochs);

  /**
   * The same rate from beginning to end, as in the chapter.
   *
   * @return the schedule
   */
  static Schedule constant() {
    return (epoch, epochs) -> 1;
  }

  /**
   * Drops after every so many epochs, as PyTorch's StepLR.
   *
   * @param stepSize epochs between two drops, above 0
   * @param gamma the factor of a drop, above 0
   * @return the schedule
   */
  static Schedule step(double stepSize, double gamma) {
    requirePositive("stepSize", stepSize);
    requirePositive("gamma", gamma);
    return (epoch, epochs) -> Math.pow(gamma, Math.floor(epoch / stepSize));
  }

  /**
   * Falls to 0 along half a cosine (Loshchilov and Hutter, "SGDR", ICLR 2017), as PyTorch's
   * CosineAnnealingLR.
   *
   * @return the schedule
   */
  static Schedule cosine() {
    return (epoch, epochs) -> between(1, 0, epoch / epochs);
  }

  /** {@return {@link #oneCycle(double)} with its peak after 0.3 of the training} */
  static Schedule oneCycle() {
    return oneCycle(0.3);
  }

  /**
   * Rises from 1/25 to 1, then falls to 1/250,000, both along half a cosine (Smith and Topin,
   * "Super-convergence", 2019): PyTorch's OneCycleLR with its default factors.
   *
   * @param peak where the rate is highest, as a share of the training (PyTorch's pct_start), above
   *     0 and below 1
   * @return the schedule
   */
  static Schedule oneCycle(double peak) {
    if (!(peak > 0 && peak < 1)) {
      throw new IllegalArgumentException("peak must be above 0 and below 1, was " + peak);
    }
    double first = 1.0 / 25;
    double last = first / 1e4;
    return (epoch, epochs) -> {
      double done = epoch / epochs;
      return done < peak
          ? between(first, 1, done / peak)
          : between(1, last, (done - peak) / (1 - peak));
    };
  }

  /**
   * Rises in a straight line from 0 to 1 first (Goyal et al., "Accurate, large minibatch SGD",
   * 2017); this schedule then has what is left of the training, as if it began there.
   *
   * @param length in epochs, above 0
   * @return this schedule with a warm-up
   */
  default Schedule warmup(double length) {
    requirePositive("length", length);
    return (epoch, epochs) ->
        epoch < length ? epoch / length : factor(epoch - length, epochs - length);
  }

  /** From one value to another along half a cosine; done is 0 to 1. */
  private static double between(double from, double to, double done) {
    return to + (from - to) * (1 + Math.cos(Math.PI * done)) / 2;
  }

  private static void requirePositive(String name, double value) {
    if (!(value > 0 && Double.isFinite(value))) {
      throw new IllegalArgumentException(name + " must be finite and above 0, was " + value);
    }
  }
}
