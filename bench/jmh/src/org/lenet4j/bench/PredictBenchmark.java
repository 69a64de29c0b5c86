package org.lenet4j.bench;

import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.lenet4j.data.Dataset;
import org.lenet4j.engine.Device;
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

/** The latency of one image's prediction through the public API, with its percentiles. */
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
@State(Scope.Benchmark)
public class PredictBenchmark {
  private static final int IMAGES = 256;

  private final byte[][] images = new byte[IMAGES][Dataset.PIXELS];
  private LeNet net;
  private int next;

  @Setup
  public void open() {
    net = LeNet.builder().device(Device.cpu()).build();
    Random random = new Random(1);
    for (byte[] image : images) {
      random.nextBytes(image);
    }
  }

  @TearDown
  public void close() {
    net.close();
  }

  @Benchmark
  public float[] predict() {
    next = (next + 1) % IMAGES;
    return net.predict(images[next]);
  }
}
