package org.lenet4j.cli;

import org.lenet4j.training.Schedule;
import org.lenet4j.training.Trainer;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** How to train: the optimiser, its schedule, and when to stop. */
final class TrainerOptions {
  /** The schedules by the names that the command line knows. */
  enum ScheduleName {
    CONSTANT,
    STEP,
    COSINE,
    ONE_CYCLE
  }

  /** Random changes of the training images: mirrored, and moved by up to so many pixels. */
  record Augmentation(boolean flip, int shift) {}

  @Option(
      names = "--epochs",
      paramLabel = "N",
      defaultValue = "10",
      converter = Converters.AtLeastOne.class,
      description = "Passes over the training set (default: ${DEFAULT-VALUE}).")
  private int epochs;

  @Mixin private BatchOption batch;

  @Option(
      names = "--lr",
      paramLabel = "RATE",
      defaultValue = "0.9",
      converter = Converters.PositiveFloat.class,
      description = "Learning rate, the highest one of a schedule (default: ${DEFAULT-VALUE}).")
  private float learningRate;

  @Option(
      names = "--schedule",
      paramLabel = "NAME",
      defaultValue = "constant",
      converter = Converters.ScheduleName.class,
      description = {
        "constant, step, cosine or one-cycle (default: ${DEFAULT-VALUE}): the learning rate stays,"
            + " drops every few epochs, falls to 0, or rises and falls."
      })
  private ScheduleName schedule;

  @Option(
      names = "--warmup",
      paramLabel = "EPOCHS",
      defaultValue = "0",
      converter = Converters.NotNegative.class,
      description = {
        "Raise the rate for so many epochs first; 2.5 is possible (default: ${DEFAULT-VALUE}).",
        "one-cycle always rises, by default for 0.3 of the training."
      })
  private double warmup;

  @Option(
      names = "--step-size",
      paramLabel = "EPOCHS",
      defaultValue = "5",
      converter = Converters.AtLeastOne.class,
      description = "Of --schedule step: epochs between two drops (default: ${DEFAULT-VALUE}).")
  private int stepSize;

  @Option(
      names = "--gamma",
      paramLabel = "FACTOR",
      defaultValue = "0.1",
      converter = Converters.Positive.class,
      description = "Of --schedule step: what a drop multiplies by (default: ${DEFAULT-VALUE}).")
  private double gamma;

  @Option(
      names = "--momentum",
      paramLabel = "M",
      defaultValue = "0",
      converter = Converters.BelowOne.class,
      description = "Momentum, at least 0 and below 1 (default: ${DEFAULT-VALUE}).")
  private double momentum;

  @Option(
      names = "--nesterov",
      negatable = true,
      fallbackValue = "true", // Whatever the default is, --nesterov means yes.
      description = "Use Nesterov's momentum (default: ${DEFAULT-VALUE}); needs --momentum.")
  private boolean nesterov;

  @Option(
      names = "--weight-decay",
      paramLabel = "W",
      defaultValue = "0",
      converter = Converters.NotNegative.class,
      description = "L2 penalty on all parameters (default: ${DEFAULT-VALUE}).")
  private double weightDecay;

  @Option(
      names = "--label-smoothing",
      paramLabel = "S",
      defaultValue = "0",
      converter = Converters.BelowOne.class,
      description = "Share of a label spread over all classes (default: ${DEFAULT-VALUE}).")
  private double labelSmoothing;

  @Option(
      names = "--augment",
      paramLabel = "LIST",
      defaultValue = "none",
      converter = Converters.AugmentationList.class,
      description = {
        "Change the training images at random, anew in every epoch (default: ${DEFAULT-VALUE}).",
        "flip mirrors every other one left to right, shift moves them by up to a pixel, shift=N by"
            + " up to N, along each axis: flip,shift=2 does both."
      })
  private Augmentation augmentation;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "0",
      description = {
        "Of the initial weights, the order of examples, --augment and --validation-split (default:"
            + " ${DEFAULT-VALUE}).",
        "The same seed gives the same network, bit by bit."
      })
  private long seed;

  @Option(names = "--no-shuffle", description = "Keep the data's order in every epoch.")
  private boolean noShuffle;

  @Option(
      names = "--validation-split",
      paramLabel = "SHARE",
      defaultValue = "0",
      converter = Converters.BelowOne.class,
      description = {
        "Hold out this share of the training set (default: ${DEFAULT-VALUE}). Its accuracy then"
            + " decides, and not the test set's, which epoch was the best and when to stop."
      })
  private double validationSplit;

  @Option(
      names = "--target-accuracy",
      paramLabel = "A",
      converter = Converters.UpToOne.class,
      description = "Stop when the accuracy after an epoch is at least this, 0 to 1.")
  private Double targetAccuracy;

  @Option(
      names = "--patience",
      paramLabel = "N",
      converter = Converters.AtLeastOne.class,
      description = "Stop after N epochs in a row without a better accuracy.")
  private Integer patience;

  @Option(
      names = "--log-interval",
      paramLabel = "STEPS",
      converter = Converters.AtLeastOne.class,
      description = {
        "Show loss and accuracy, and add a point to the curves, after every so many steps (default:"
            + " five points an epoch, not shown)."
      })
  private Integer logInterval;

  /** Whether curve points are lines of the output too. */
  boolean logsPoints() {
    return logInterval != null;
  }

  long seed() {
    return seed;
  }

  int epochs() {
    return epochs;
  }

  /** Half a sentence on the values that matter most. */
  String title() {
    return "batch %d, lr %s".formatted(batch.size(), learningRate);
  }

  /** What these options make wrong together; empty if nothing. */
  String conflict() {
    if (nesterov && (float) momentum == 0) { // The engines compute with a float.
      return "--nesterov needs a --momentum above 0; without one, say --no-nesterov";
    }
    if (warmup >= epochs) {
      return "--warmup must be shorter than the training's %d epochs".formatted(epochs);
    }
    return "";
  }

  Trainer trainer() {
    Trainer trainer =
        Trainer.classic()
            .epochs(epochs)
            .batchSize(batch.size())
            .learningRate(learningRate)
            .schedule(schedule())
            .momentum(momentum)
            .nesterov(nesterov)
            .weightDecay(weightDecay)
            .labelSmoothing(labelSmoothing)
            .randomFlip(augmentation.flip())
            .randomShift(augmentation.shift())
            .seed(seed)
            .shuffle(!noShuffle)
            .validationSplit(validationSplit);
    if (targetAccuracy != null) {
      trainer = trainer.targetAccuracy(targetAccuracy);
    }
    if (logInterval != null) {
      trainer = trainer.pointEvery(logInterval);
    }
    return patience == null ? trainer : trainer.patience(patience);
  }

  private Schedule schedule() {
    if (schedule == ScheduleName.ONE_CYCLE) {
      return warmup == 0 ? Schedule.oneCycle() : Schedule.oneCycle(warmup / epochs);
    }
    Schedule chosen =
        switch (schedule) {
          case STEP -> Schedule.step(stepSize, gamma);
          case COSINE -> Schedule.cosine();
          default -> Schedule.constant();
        };
    return warmup == 0 ? chosen : chosen.warmup(warmup);
  }
}
