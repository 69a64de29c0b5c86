import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.ToDoubleFunction;
import org.lenet4j.data.Dataset;
import org.lenet4j.engine.Device;
import org.lenet4j.engine.Engines;
import org.lenet4j.training.Checkpoint;
import org.lenet4j.training.LeNet;
import org.lenet4j.training.Trainer;

/**
 * Works as a long-lived program would, on eight threads at once: builds networks, trains,
 * evaluates, predicts, saves, loads and closes them. Then memory, file descriptors and threads must
 * not have grown: a straight line through their samples must be flat. Run by bench/soak/run.
 */
final class Soak {
  private static final int THREADS = 8;
  private static final long SAMPLE_MILLIS = 500;

  /** Samples before this share of the time are of a JVM that still warms up. */
  private static final double WARM_UP = 0.4;

  private static final AtomicLong ROUNDS = new AtomicLong();

  private record Sample(double seconds, double rssKib, double nativeKib, int files, int threads) {}

  private Soak() {}

  public static void main(String[] args) throws Exception {
    double minutes = args.length == 0 ? 2 : Double.parseDouble(args[0]);
    long end = System.nanoTime() + (long) (minutes * 60e9);
    Path directory = Files.createTempDirectory("lenet4j-soak");
    ExecutorService threads = Executors.newFixedThreadPool(THREADS);
    List<Future<?>> work = new ArrayList<>();
    for (int i = 0; i < THREADS; i++) {
      Path own = directory.resolve(i + ".safetensors");
      Random random = new Random(i);
      work.add(
          threads.submit(
              () -> {
                while (System.nanoTime() < end) {
                  round(random, own);
                }
              }));
    }
    threads.shutdown();
    List<Sample> samples = new ArrayList<>();
    long start = System.nanoTime();
    while (!threads.awaitTermination(SAMPLE_MILLIS, TimeUnit.MILLISECONDS)) {
      double seconds = (System.nanoTime() - start) * 1e-9;
      if (seconds > WARM_UP * minutes * 60 && System.nanoTime() < end) {
        samples.add(sample(seconds));
      }
    }
    try (var files = Files.list(directory)) {
      for (Path file : (Iterable<Path>) files::iterator) {
        Files.delete(file);
      }
    }
    Files.delete(directory);
    for (Future<?> done : work) {
      done.get(); // Throws what its worker threw.
    }

    System.out.printf(
        "%d rounds on %d threads, %d samples%n", ROUNDS.get(), THREADS, samples.size());
    boolean flat =
        isFlat("resident KiB", samples, Sample::rssKib, 0.03)
            & isFlat("native KiB", samples, Sample::nativeKib, 0.15)
            & isFlat("file descriptors", samples, Sample::files, 0.1)
            & isFlat("threads", samples, Sample::threads, 0.1);
    System.out.printf(
        "left open: %d engines, %d native bytes%n", Engines.liveCount(), Engines.nativeBytes());
    System.exit(flat && Engines.liveCount() == 0 && Engines.nativeBytes() == 0 ? 0 : 1);
  }

  /** The life of one network. */
  private static void round(Random random, Path file) {
    try (Dataset data = images(random, 64 + random.nextInt(200));
        LeNet net =
            LeNet.builder()
                .device(Device.cpu())
                .threads(1 + random.nextInt(2))
                .seed(random.nextLong())
                .build()) {
      Trainer trainer =
          Trainer.classic()
              .epochs(1 + random.nextInt(2))
              .batchSize(32)
              .momentum(random.nextInt(2) * 0.5);
      trainer.onCheckpoint(checkpoint -> checkpoint.save(file)).fit(net, data, data);
      net.evaluate(data);
      net.predict(data.image(0));
      if (random.nextBoolean()) {
        trainer.resume(net, data, data, Checkpoint.load(file));
      }
      net.save(file);
      try (LeNet loaded = LeNet.builder().device(Device.cpu()).load(file)) {
        loaded.summary();
        net.close(); // While the other one lives.
        loaded.predictAll(new byte[20 * Dataset.PIXELS]);
      }
    }
    ROUNDS.incrementAndGet();
  }

  private static Dataset images(Random random, int count) {
    byte[] pixels = new byte[count * Dataset.PIXELS];
    random.nextBytes(pixels);
    return Dataset.of(pixels, random.ints(count, 0, 10).toArray());
  }

  private static Sample sample(double seconds) throws IOException {
    double rss = 0;
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith("VmRSS:")) {
        rss = Double.parseDouble(line.replaceAll("\\D", ""));
      }
    }
    return new Sample(
        seconds,
        rss,
        Engines.nativeBytes() / 1024.0,
        new File("/proc/self/fd").list().length,
        new File("/proc/self/task").list().length);
  }

  /** Whether the line of least squares rises by less than a share of the mean. */
  private static boolean isFlat(
      String name, List<Sample> samples, ToDoubleFunction<Sample> value, double allowed) {
    double meanX = samples.stream().mapToDouble(Sample::seconds).average().orElseThrow();
    double meanY = samples.stream().mapToDouble(value).average().orElseThrow();
    double xy = 0;
    double xx = 0;
    for (Sample sample : samples) {
      double x = sample.seconds() - meanX;
      xy += x * (value.applyAsDouble(sample) - meanY);
      xx += x * x;
    }
    double seconds = samples.get(samples.size() - 1).seconds() - samples.get(0).seconds();
    double growth = xy / xx * seconds / meanY;
    boolean flat = growth < allowed;
    System.out.printf(
        "%-16s mean %.0f, growth over the %.0f s after warm-up %+.1f %% (allowed %.0f %%): %s%n",
        name, meanY, seconds, 100 * growth, 100 * allowed, flat ? "flat" : "GROWS");
    return flat;
  }
}
