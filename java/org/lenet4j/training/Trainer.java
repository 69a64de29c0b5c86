package org.lenet4j.training;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.lenet4j.data.Dataset;
import org.lenet4j.engine.CounterRandom;
import org.lenet4j.engine.EngineConfig;
import org.lenet4j.engine.EpochPlan;

/**
 * Trains a network by stochastic gradient descent. A Trainer does not change: each setter returns
 * another one.
 *
 * <pre>{@code
 * Training run = Trainer.classic().epochs(3).seed(42).fit(net, train, test);
 * }</pre>
 *
 * @since 0.1.0
 */
public final class Trainer {
  private static final Trainer CLASSIC = new Trainer();
  private static final int POINTS_PER_EPOCH = 5;

  private int epochs = 10;
  private int batchSize = 256;
  private float learningRate = 0.9f;
  private Schedule schedule = Schedule.constant();
  private float momentum;
  private boolean nesterov;
  private float weightDecay;
  private float labelSmoothing;
  private boolean randomFlip;
  private int randomShift;
  private long seed;
  private boolean shuffle = true;
  private double validationSplit;
  private double targetAccuracy = Double.POSITIVE_INFINITY;
  private int patience = Integer.MAX_VALUE;
  private int pointSteps;
  private int checkpointSteps = Integer.MAX_VALUE;
  private Consumer<Checkpoint> checkpoints;
  private Consumer<Progress> listener = progress -> {};
  private BooleanSupplier stop = () -> false;

  private Trainer() {}

  /** A copy with a change: the only place where a field is assigned, before others see the copy. */
  private Trainer with(Consumer<Trainer> change) {
    Trainer copy = new Trainer();
    copy.epochs = epochs;
    copy.batchSize = batchSize;
    copy.learningRate = learningRate;
    copy.schedule = schedule;
    copy.momentum = momentum;
    copy.nesterov = nesterov;
    copy.weightDecay = weightDecay;
    copy.labelSmoothing = labelSmoothing;
    copy.randomFlip = randomFlip;
    copy.randomShift = randomShift;
    copy.seed = seed;
    copy.shuffle = shuffle;
    copy.validationSplit = validationSplit;
    copy.targetAccuracy = targetAccuracy;
    copy.patience = patience;
    copy.pointSteps = pointSteps;
    copy.checkpointSteps = checkpointSteps;
    copy.checkpoints = checkpoints;
    copy.listener = listener;
    copy.stop = stop;
    change.accept(copy);
    return copy;
  }

  /** {@return the chapter's recipe: 10 epochs, mini-batches of 256, learning rate 0.9, shuffled} */
  public static Trainer classic() {
    return CLASSIC;
  }

  /**
   * Passes over the training set, at least 1.
   *
   * @param value 10 in the chapter
   * @return a trainer that differs in this alone
   * @throws IllegalArgumentException if it is below 1
   */
  public Trainer epochs(int value) {
    requirePositive("epochs", value);
    return with(copy -> copy.epochs = value);
  }

  /**
   * Examples in a mini-batch, at least 1; the last one of an epoch may be smaller.
   *
   * @param value 256 in the chapter
   * @return a trainer that differs in this alone
   * @throws IllegalArgumentException if it is below 1
   */
  public Trainer batchSize(int value) {
    requirePositive("batchSize", value);
    return with(copy -> copy.batchSize = value);
  }

  /**
   * The rate of every step, before the schedule; above 0.
   *
   * @param value 0.9 in the chapter
   * @return a trainer that differs in this alone
   * @throws IllegalArgumentException unless it is finite and above 0
   */
  public Trainer learningRate(double value) {
    float rate = (float) value;
    if (!(rate > 0 && Float.isFinite(rate))) {
      throw new IllegalArgumentException("learningRate must be finite and above 0, was " + value);
    }
    return with(copy -> copy.learningRate = rate);
  }

  /**
   * How the learning rate moves; constant by default.
   *
   * @param value such as {@link Schedule#oneCycle()}
   * @return a trainer that differs in this alone
   */
  public Trainer schedule(Schedule value) {
    Objects.requireNonNull(value, "schedule must not be null");
    return with(copy -> copy.schedule = value);
  }

  /**
   * Momentum (Polyak's heavy ball, as PyTorch's SGD has it), at least 0 and below 1: v = momentum *
   * v + g, p = p - rate * v.
   *
   * @param value 0, the default, for plain SGD; 0.9 is usual
   * @return a trainer that differs in this alone
   * @throws IllegalArgumentException if it is out of range
   */
  public Trainer momentum(double value) {
    requireFraction("momentum", value);
    return with(copy -> copy.momentum = (float) value);
  }

  /**
   * Nesterov's momentum (in the form of Sutskever et al., ICML 2013, that PyTorch has): p = p -
   * rate * (g + momentum * v). It needs a momentum above 0, or {@link #fit} throws
   * IllegalArgumentException.
   *
   * @param value false by default
   * @return a trainer that differs in this alone
   */
  public Trainer nesterov(boolean value) {
    return with(copy -> copy.nesterov = value);
  }

  /**
   * L2 penalty on every parameter, at least 0: g = g + weightDecay * p.
   *
   * @param value 0 by default; 5e-4 is usual
   * @return a trainer that differs in this alone
   * @throws IllegalArgumentException unless it is finite and not negative
   */
  public Trainer weightDecay(double value) {
    float decay = (float) value;
    if (!(decay >= 0 && Float.isFinite(decay))) {
      throw new IllegalArgumentException(
          "weightDecay must be finite and not negative, was " + value);
    }
    return with(copy -> copy.weightDecay = decay);
  }

  /**
   * Label smoothing (Szegedy et al., CVPR 2016), at least 0 and below 1: the target is (1 - s)
   * one-hot + s / classes.
   *
   * @param value 0 by default
   * @return a trainer that differs in this alone
   * @throws IllegalArgumentException if it is out of range
   */
  public Trainer labelSmoothing(double value) {
    requireFraction("labelSmoothing", value);
    return with(copy -> copy.labelSmoothing = (float) value);
  }

  /**
   * Whether every other training image, at random, is mirrored left to right, anew in every epoch.
   *
   * @param value false by default
   * @return a trainer that differs in this alone
   */
  public Trainer randomFlip(boolean value) {
    return with(copy -> copy.randomFlip = value);
  }

  /**
   * Training images are moved at random, anew in every epoch, by up to so many pixels along each
   * axis, 0 to 27; what comes in at the edge is black.
   *
   * @param pixels 0, the default, for none
   * @return a trainer that differs in this alone
   * @throws IllegalArgumentException if they are out of range
   */
  public Trainer randomShift(int pixels) {
    if (pixels < 0 || pixels > EngineConfig.MAX_SHIFT) {
      throw new IllegalArgumentException(
          "randomShift must be 0 to %d pixels, was %d".formatted(EngineConfig.MAX_SHIFT, pixels));
    }
    return with(copy -> copy.randomShift = pixels);
  }

  /**
   * Of the order of examples, the flips and shifts, and the choice of the validation set.
   *
   * @param value 0 by default
   * @return a trainer that differs in this alone
   */
  public Trainer seed(long value) {
    return with(copy -> copy.seed = value);
  }

  /**
   * Whether each epoch has its own random order, or all have the dataset's.
   *
   * @param value true by default
   * @return a trainer that differs in this alone
   */
  public Trainer shuffle(boolean value) {
    return with(copy -> copy.shuffle = value);
  }

  /**
   * Holds out a random share of the training set, at least 0 and below 1. The network does not
   * learn from it; it decides which epoch was the best one and when to stop, so that the test set
   * need not.
   *
   * @param value 0, the default, for no validation set
   * @return a trainer that differs in this alone
   * @throws IllegalArgumentException if it is out of range
   */
  public Trainer validationSplit(double value) {
    requireFraction("validationSplit", value);
    return with(copy -> copy.validationSplit = value);
  }

  /**
   * Stops after the first epoch whose {@link Epoch#monitoredAccuracy} is at least this, 0 to 1.
   *
   * @param value no target by default
   * @return a trainer that differs in this alone
   * @throws IllegalArgumentException if it is out of range
   */
  public Trainer targetAccuracy(double value) {
    if (!(value >= 0 && value <= 1)) {
      throw new IllegalArgumentException("targetAccuracy must be 0 to 1, was " + value);
    }
    return with(copy -> copy.targetAccuracy = value);
  }

  /**
   * Early stopping: ends after so many epochs in a row, at least 1, without a better {@link
   * Epoch#monitoredAccuracy}. The network keeps its last parameters; {@link #onCheckpoint} is where
   * to save the best ones.
   *
   * @param value without end by default
   * @return a trainer that differs in this alone
   * @throws IllegalArgumentException if it is below 1
   */
  public Trainer patience(int value) {
    requirePositive("patience", value);
    return with(copy -> copy.patience = value);
  }

  /**
   * Makes a curve point after every so many steps of an epoch, at least 1, and after its last one;
   * by default five in an epoch, as in the chapter. Each one makes a GPU wait.
   *
   * @param steps between two points
   * @return a trainer that differs in this alone
   * @throws IllegalArgumentException if they are below 1
   */
  public Trainer pointEvery(int steps) {
    requirePositive("steps", steps);
    return with(copy -> copy.pointSteps = steps);
  }

  /**
   * Handed a checkpoint after every epoch, and when the training is stopped in the middle of one.
   * An exception that it throws ends the training.
   *
   * @param value called on the training's thread
   * @return a trainer that differs in this alone
   */
  public Trainer onCheckpoint(Consumer<Checkpoint> value) {
    Objects.requireNonNull(value, "checkpoints must not be null");
    return with(copy -> copy.checkpoints = value);
  }

  /**
   * Makes a checkpoint after every so many steps of an epoch too, at least 1.
   *
   * @param steps between two checkpoints
   * @return a trainer that differs in this alone
   * @throws IllegalArgumentException if they are below 1
   */
  public Trainer checkpointEvery(int steps) {
    requirePositive("steps", steps);
    return with(copy -> copy.checkpointSteps = steps);
  }

  /**
   * Told of every step, on the training's thread: what it spends there, the training waits. An
   * exception that it throws ends the training.
   *
   * @param value the only listener: it replaces an earlier one
   * @return a trainer that differs in this alone
   */
  public Trainer onProgress(Consumer<Progress> value) {
    Objects.requireNonNull(value, "listener must not be null");
    return with(copy -> copy.listener = value);
  }

  /**
   * Asked before every step. Interrupting the training's thread does the same; its interrupt status
   * then stays set.
   *
   * @param value says whether to stop; the training then ends as {@link Training.Outcome#STOPPED}
   * @return a trainer that differs in this alone
   */
  public Trainer stopWhen(BooleanSupplier value) {
    Objects.requireNonNull(value, "stop must not be null");
    return with(copy -> copy.stop = value);
  }

  /**
   * Trains the network, from whatever it has learnt before; momentum starts at zero.
   *
   * @param net learns; nothing else may train it at the same time
   * @param train learnt from; its labels are below the network's number of classes
   * @param test evaluated after every epoch
   * @return what it was like; see {@link Training#outcome} for why it ended
   * @throws IllegalStateException if the network is being trained already
   * @throws IllegalArgumentException if a dataset has labels that the network lacks, the network
   *     has parameters that are not finite, or Nesterov's momentum is to be 0
   * @throws org.lenet4j.LeNetException if the loss becomes infinite or NaN, the device fails, or
   *     checkpoints could not hold the history of so many epochs and curve points
   */
  public Training fit(LeNet net, Dataset train, Dataset test) {
    Objects.requireNonNull(net, "net must not be null");
    Objects.requireNonNull(train, "train must not be null");
    Objects.requireNonNull(test, "test must not be null");
    return net.train(
        this::configure,
        engine -> {
          try (Fit fit = new Fit(this, engine, net.givenLabels(), train, test)) {
            return fit.run();
          }
        });
  }

  /**
   * Goes on from a checkpoint, as if the training had never been interrupted: with the same
   * settings, data and instruction set, the network ends with the same bits.
   *
   * @param net of the checkpoint's variant; its parameters are replaced by the checkpoint's
   * @param train as before
   * @param test as before
   * @param checkpoint such as {@link Checkpoint#load} gives
   * @return what the whole training was like
   * @throws org.lenet4j.LeNetException if the checkpoint is of a training with other settings, and
   *     for all the reasons of {@link #fit}
   */
  public Training resume(LeNet net, Dataset train, Dataset test, Checkpoint checkpoint) {
    Objects.requireNonNull(net, "net must not be null");
    Objects.requireNonNull(train, "train must not be null");
    Objects.requireNonNull(test, "test must not be null");
    Objects.requireNonNull(checkpoint, "checkpoint must not be null");
    return net.train(
        this::configure,
        engine -> {
          try (Fit fit = new Fit(this, engine, net.givenLabels(), train, test)) {
            return fit.resume(checkpoint);
          }
        });
  }

  /** The network's configuration with what a training adds to it. */
  private EngineConfig configure(EngineConfig network) {
    return network
        .withMomentum(momentum, nesterov)
        .withWeightDecay(weightDecay)
        .withLabelSmoothing(labelSmoothing)
        .withAugmentation(randomFlip, randomShift, randomFlip || randomShift > 0 ? seed : 0);
  }

  /** What must be the same for a resumed training to be the same, by name. */
  Map<String, String> settings(EngineConfig config, int examples) {
    Map<String, String> settings = new LinkedHashMap<>();
    settings.put("examples", Integer.toString(examples));
    settings.put("epochs", Integer.toString(epochs));
    settings.put("batch size", Integer.toString(batchSize));
    settings.put("learning rate", Float.toString(learningRate));
    // A schedule has no name, but what it says here and there gives it away.
    settings.put(
        "schedule (sampled)",
        IntStream.range(0, 8)
            .mapToDouble(i -> schedule.factor(epochs * (i + 0.5) / 8, epochs))
            .mapToObj(factor -> String.format(Locale.US, "%.4g", factor))
            .toList()
            .toString());
    settings.put("seed", Long.toString(seed));
    settings.put("shuffle", Boolean.toString(shuffle));
    settings.put("validation split", Double.toString(validationSplit));
    settings.put("interval of curve points", Integer.toString(pointSteps));
    settings.put("network", config.toString());
    return settings;
  }

  /**
   * {@return mini-batches that an epoch has with a training set of so many examples}
   *
   * @param trainingSetSize the validation set included
   */
  public int stepsPerEpoch(int trainingSetSize) {
    return EpochPlan.batches(trainingSetSize - heldOut(trainingSetSize), batchSize);
  }

  int epochs() {
    return epochs;
  }

  int batchSize() {
    return batchSize;
  }

  float learningRate() {
    return learningRate;
  }

  double targetAccuracy() {
    return targetAccuracy;
  }

  int patience() {
    return patience;
  }

  void report(Progress progress) {
    listener.accept(progress);
  }

  boolean stopped() {
    return Thread.currentThread().isInterrupted() || stop.getAsBoolean();
  }

  int checkpointSteps() {
    return checkpointSteps;
  }

  /** After how many steps of an epoch there is a curve point. */
  int pointSteps(int stepsOfEpoch) {
    return pointSteps > 0 ? pointSteps : Math.max(1, stepsOfEpoch / POINTS_PER_EPOCH);
  }

  boolean wantsCheckpoints() {
    return checkpoints != null;
  }

  void checkpoint(Checkpoint checkpoint) {
    checkpoints.accept(checkpoint);
  }

  /** How many of n training examples are held out. */
  int heldOut(int n) {
    return (int) Math.min(Math.round(n * validationSplit), n - 1);
  }

  /** The order in which an epoch (from 0) visits n examples. */
  int[] order(int n, int epoch) {
    return shuffle ? CounterRandom.permutation(n, seed, epoch) : IntStream.range(0, n).toArray();
  }

  /** A random order of the whole training set; its end is held out for validation. */
  int[] splitOrder(int n) {
    return CounterRandom.permutation(n, seed, -1); // An epoch that no training has.
  }

  /** One rate per step of an epoch (from 0). */
  float[] learningRates(int steps, int epoch) {
    float[] rates = new float[steps];
    for (int step = 0; step < steps; step++) {
      double factor = schedule.factor(epoch + (step + 0.5) / steps, epochs);
      rates[step] = (float) (learningRate * factor);
    }
    return rates;
  }

  private static void requirePositive(String name, int value) {
    if (value < 1) {
      throw new IllegalArgumentException(name + " must be at least 1, was " + value);
    }
  }

  private static void requireFraction(String name, double value) {
    // As the engine gets it: 0.99999999 is 1 as a float.
    if (!(value >= 0 && (float) value < 1)) {
      throw new IllegalArgumentException(name + " must be at least 0 and below 1, was " + value);
    }
  }
}
