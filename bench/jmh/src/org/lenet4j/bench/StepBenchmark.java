package org.lenet4j.bench;

import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.lenet4j.data.Dataset;
import org.lenet4j.engine.Device;
import org.lenet4j.engine.Engine;
import org.lenet4j.engine.EpochPlan;
import org.lenet4j.training.LeNet;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** What a training step costs, and how much of it is the way from Java to the native engine. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
@State(Scope.Benchmark)
public class StepBenchmark {
  private static final int IMAGES = 4096;
  private static final int BATCH_SIZE = 256;
  private static final int STEPS = 4096;

  private LeNet net;
  private EpochPlan plan;

  @Setup
  public void open() {
    byte[] pixels = new byte[IMAGES * Dataset.PIXELS];
    Random random = new Random(1);
    random.nextBytes(pixels);
    int[] labels = IntStream.generate(() -> random.nextInt(10)).limit(IMAGES).toArray();
    net = LeNet.builder().device(Device.cpu()).build();
    int dataset;
    try (Dataset data = Dataset.of(pixels, labels)) {
      dataset = net.engine().addDataset(data);
    }
    int[] order = IntStream.range(0, STEPS * BATCH_SIZE).map(i -> i % IMAGES).toArray();
    float[] rates = new float[STEPS];
    Arrays.fill(rates, 0.1f);
    plan = new EpochPlan(dataset, 0, order, BATCH_SIZE, rates);
    net.engine().startEpoch(plan);
  }

  @TearDown
  public void close() {
    net.close();
  }

  /** A mini-batch of 256. */
  @Benchmark
  public void step() {
    Engine engine = net.engine();
    if (engine.position() == STEPS) {
      engine.startEpoch(plan);
    }
    engine.run(1);
  }

  /** All checks and both crossings of a step's call, around no mini-batch. */
  @Benchmark
  public void callAlone() {
    net.engine().run(0);
  }
}
