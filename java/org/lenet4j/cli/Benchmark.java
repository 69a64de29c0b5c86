package org.lenet4j.cli;

import java.util.Arrays;
import org.lenet4j.data.Dataset;
import org.lenet4j.engine.Activation;
import org.lenet4j.engine.CounterRandom;
import org.lenet4j.engine.Engine;
import org.lenet4j.engine.EpochPlan;
import org.lenet4j.engine.Metrics;
import org.lenet4j.training.Epoch;
import org.lenet4j.training.LeNet;
import org.lenet4j.training.Trainer;

/**
 * Measures a network through the public API. Every measurement warms up first, for a quarter of its
 * time, so that neither the JVM's compiler nor cold caches count.
 */
final class Benchmark {
  /**
   * Steps between two looks at the clock. On a GPU each look waits for all steps before it, so that
   * there must not be too many.
   */
  private static final int STEPS = 20;

  private static final double WARM_UP = 0.25;
  private static final int MAX_LATENCIES = 1 << 20;

  /**
   * What came out.
   *
   * @param steps training examples per second of the steps alone: gathering a mini-batch from the
   *     dataset on the device, forward, loss, backward, update
   * @param epochs training examples per second of a {@link Trainer}'s whole epochs, shuffling and
   *     metrics included, evaluation left out
   * @param inference images per second, a mini-batch at a time, from bytes to probabilities
   * @param latencyMedian microseconds from one image's bytes to its probabilities
   * @param latency99 likewise, the 99th percentile
   * @param firstLoss mean over the first steps of all
   * @param lastLoss mean over the last ones
   */
  record Result(
      double steps,
      double epochs,
      double inference,
      double latencyMedian,
      double latency99,
      double firstLoss,
      double lastLoss) {}

  private final LeNet net;
  private final Dataset train;
  private final int batchSize;
  private final double seconds;
  private final float learningRate;

  private double firstLoss = Double.NaN;
  private double lastLoss = Double.NaN;

  /**
   * @param seconds for each of the two training measurements; those of inference take half of it
   */
  Benchmark(LeNet net, Dataset train, int batchSize, double seconds) {
    this.net = net;
    this.train = train;
    this.batchSize = batchSize;
    this.seconds = seconds;
    // The chapter's 0.9 suits its sigmoids; with other activations it diverges.
    learningRate = net.config().activation() == Activation.SIGMOID ? 0.9f : 0.05f;
  }

  Result run() {
    double steps = steps();
    double epochs = epochs();
    double inference = inference();
    long[] latencies = latencies();
    return new Result(
        steps,
        epochs,
        inference,
        percentile(latencies, 50) * 1e-3,
        percentile(latencies, 99) * 1e-3,
        firstLoss,
        lastLoss);
  }

  private double steps() {
    Engine engine = net.engine();
    int dataset = engine.addDataset(train);
    try {
      steps(engine, dataset, WARM_UP * seconds);
      return steps(engine, dataset, seconds);
    } finally {
      engine.removeDataset(dataset);
    }
  }

  private double steps(Engine engine, int dataset, double limit) {
    int batches = EpochPlan.batches(train.size(), batchSize);
    float[] rates = new float[batches];
    Arrays.fill(rates, learningRate);
    engine.takeMetrics();
    long nanos = 0;
    long examples = 0;
    int left = 0;
    for (int epoch = 0; nanos < limit * 1e9; ) {
      if (left == 0) {
        int[] order = CounterRandom.permutation(train.size(), 0, epoch);
        engine.startEpoch(new EpochPlan(dataset, epoch, order, batchSize, rates));
        left = batches;
        epoch++;
      }
      int count = Math.min(STEPS, left);
      long start = System.nanoTime();
      engine.run(count);
      Metrics metrics = engine.takeMetrics(); // Waits until the steps are done.
      nanos += System.nanoTime() - start;
      left -= count;
      examples += metrics.count();
      lastLoss = metrics.loss();
      if (Double.isNaN(firstLoss)) {
        firstLoss = lastLoss;
      }
    }
    return examples / (nanos * 1e-9);
  }

  private double epochs() {
    epochs(WARM_UP * seconds);
    return epochs(seconds);
  }

  private double epochs(double limit) {
    double spent = 0;
    long examples = 0;
    try (Dataset test = train.take(1)) {
      for (long seed = 0; spent < limit; seed++) {
        Epoch epoch =
            Trainer.classic()
                .batchSize(batchSize)
                .learningRate(learningRate)
                .epochs(1)
                .seed(seed)
                .fit(net, train, test)
                .last();
        spent += epoch.trainSeconds();
        examples += epoch.examples();
      }
    }
    return examples / spent;
  }

  private double inference() {
    byte[] images = new byte[batchSize * Dataset.PIXELS];
    for (int i = 0; i < batchSize; i++) {
      System.arraycopy(
          train.image(i % train.size()), 0, images, i * Dataset.PIXELS, Dataset.PIXELS);
    }
    inference(images, WARM_UP * seconds / 2);
    return inference(images, seconds / 2);
  }

  private double inference(byte[] images, double limit) {
    long start = System.nanoTime();
    long calls = 0;
    long nanos;
    do {
      net.engine().predict(images);
      calls++;
      nanos = System.nanoTime() - start;
    } while (nanos < limit * 1e9);
    return calls * (double) batchSize / (nanos * 1e-9);
  }

  /** Nanoseconds, sorted. */
  private long[] latencies() {
    byte[][] images = new byte[Math.min(batchSize, train.size())][];
    Arrays.setAll(images, train::image);
    latencies(images, WARM_UP * seconds / 2);
    return latencies(images, seconds / 2);
  }

  private long[] latencies(byte[][] images, double limit) {
    long[] nanos = new long[MAX_LATENCIES];
    long begin = System.nanoTime();
    long end = begin;
    int calls = 0;
    do {
      long start = System.nanoTime();
      net.predict(images[calls % images.length]);
      end = System.nanoTime();
      nanos[calls++] = end - start;
    } while (end - begin < limit * 1e9 && calls < MAX_LATENCIES);
    long[] sorted = Arrays.copyOf(nanos, calls);
    Arrays.sort(sorted);
    return sorted;
  }

  private static long percentile(long[] sorted, int percent) {
    return sorted[(int) ((sorted.length - 1L) * percent / 100)];
  }
}
