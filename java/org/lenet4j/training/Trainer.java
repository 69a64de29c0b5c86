package org.lenet4j.training;

import java.util.Arrays;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.lenet4j.data.Dataset;
import org.lenet4j.engine.CounterRandom;

/**
 * Trains a network by stochastic gradient descent. A Trainer does not change: each setter returns
 * another one.
 *
 * <pre>{@code
 * Training run = Trainer.classic().epochs(3).seed(42).fit(net, train, test);
 * }</pre>
 */
public final class Trainer {
  private static final Trainer CLASSIC =
      new Trainer(10, 256, 0.9f, 0, true, progress -> {}, () -> false);

  private final int epochs;
  private final int batchSize;
  private final float learningRate;
  private final long seed;
  private final boolean shuffle;
  private final Consumer<Progress> listener;
  private final BooleanSupplier stop;

  private Trainer(
      int epochs,
      int batchSize,
      float learningRate,
      long seed,
      boolean shuffle,
      Consumer<Progress> listener,
      BooleanSupplier stop) {
    this.epochs = epochs;
    this.batchSize = batchSize;
    this.learningRate = learningRate;
    this.seed = seed;
    this.shuffle = shuffle;
    this.listener = listener;
    this.stop = stop;
  }

  /** The chapter's recipe: 10 epochs, mini-batches of 256, learning rate 0.9, shuffled. */
  public static Trainer classic() {
    return CLASSIC;
  }

  /** Passes over the training set, at least 1. */
  public Trainer epochs(int value) {
    requirePositive("epochs", value);
    return new Trainer(value, batchSize, learningRate, seed, shuffle, listener, stop);
  }

  /** Examples in a mini-batch, at least 1; the last one of an epoch may be smaller. */
  public Trainer batchSize(int value) {
    requirePositive("batchSize", value);
    return new Trainer(epochs, value, learningRate, seed, shuffle, listener, stop);
  }

  /** Of every step; above 0. */
  public Trainer learningRate(double value) {
    float rate = (float) value;
    if (!(rate > 0 && Float.isFinite(rate))) {
      throw new IllegalArgumentException("learningRate must be finite and above 0, was " + value);
    }
    return new Trainer(epochs, batchSize, rate, seed, shuffle, listener, stop);
  }

  /** Of the order of examples. */
  public Trainer seed(long value) {
    return new Trainer(epochs, batchSize, learningRate, value, shuffle, listener, stop);
  }

  /** Whether each epoch has its own random order, or all have the dataset's. */
  public Trainer shuffle(boolean value) {
    return new Trainer(epochs, batchSize, learningRate, seed, value, listener, stop);
  }

  /**
   * Told of every step, on the training's thread: what it spends there, the training waits. An
   * exception that it throws ends the training.
   */
  public Trainer onProgress(Consumer<Progress> value) {
    Objects.requireNonNull(value, "listener");
    return new Trainer(epochs, batchSize, learningRate, seed, shuffle, value, stop);
  }

  /**
   * Asked before every step. Interrupting the training's thread does the same; its interrupt status
   * then stays set.
   */
  public Trainer stopWhen(BooleanSupplier value) {
    Objects.requireNonNull(value, "stop");
    return new Trainer(epochs, batchSize, learningRate, seed, shuffle, listener, value);
  }

  /**
   * Trains the network, from whatever it has learnt before.
   *
   * @param test evaluated after every epoch
   * @return what it was like; not {@link Training#complete} if it was stopped
   * @throws org.lenet4j.LeNetException if the loss becomes infinite or NaN, or the device fails
   */
  public Training fit(LeNet net, Dataset train, Dataset test) {
    try (Fit fit = new Fit(this, net.engine(), train, test)) {
      return fit.run();
    }
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

  void report(Progress progress) {
    listener.accept(progress);
  }

  boolean stopped() {
    return Thread.currentThread().isInterrupted() || stop.getAsBoolean();
  }

  /** The order in which an epoch (from 0) visits n examples. */
  int[] order(int n, int epoch) {
    return shuffle ? CounterRandom.permutation(n, seed, epoch) : IntStream.range(0, n).toArray();
  }

  /** One rate per step. */
  float[] learningRates(int steps) {
    float[] rates = new float[steps];
    Arrays.fill(rates, learningRate);
    return rates;
  }

  private static void requirePositive(String name, int value) {
    if (value < 1) {
      throw new IllegalArgumentException(name + " must be at least 1, was " + value);
    }
  }
}
