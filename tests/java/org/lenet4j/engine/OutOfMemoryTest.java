package org.lenet4j.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lenet4j.LeNetException;
import org.lenet4j.Processes;
import org.lenet4j.data.Dataset;

/** Too little memory, of either kind, is an exception like any other, and the engine goes on. */
class OutOfMemoryTest {
  @TempDir private Path directory;

  @Test
  void ofTheHeap() throws Exception {
    assertThat(run(TooLittleHeap.class, "-Xmx64m"))
        .contains("out of heap memory", "raise -Xmx")
        .endsWith("as before\n");
  }

  @Test
  void ofNativeCode() throws Exception {
    assertThat(run(TooLittleAddressSpace.class, "-Xms256m", "-Xmx256m", "-XX:+UseSerialGC"))
        .contains("out of native memory")
        .endsWith("as before\n");
  }

  /** JavaCPP alone would want no more than 128 MB for the whole process. */
  @Test
  void notOfAProgramWithMuchMemoryOffTheHeap() throws Exception {
    assertThat(run(MuchOffTheHeap.class, "-Xmx32m", "-XX:MaxDirectMemorySize=300m"))
        .endsWith("10 examples beside 268435456 bytes\n");
  }

  private String run(Class<?> program, String... options) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(Arrays.asList(options));
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), program.getName()));
    Path out = directory.resolve("output.txt");
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(out.toFile());
    // Or each new thread of the JVM may take 64 MB of addresses.
    builder.environment().put("MALLOC_ARENA_MAX", "1");
    int status = Processes.run(builder, 200);
    String text = Files.readString(out);
    assertThat(status).as(text).isZero();
    return text;
  }

  /** A call in vain among calls that are not. */
  private static void tryInVain(Engine engine, Supplier<?> tooMuch) {
    float[] before = engine.predict(Examples.image(1));
    try {
      System.out.println(tooMuch.get() + " came of it");
      System.exit(3);
    } catch (LeNetException e) {
      System.out.println(e.getMessage());
    }
    boolean same = Arrays.equals(engine.predict(Examples.image(1)), before);
    System.out.println(same ? "as before" : "not as before");
  }

  private static Engine open() {
    Engine engine = Engines.open(Device.cpu(), EngineConfig.CLASSIC, EngineOptions.DEFAULT);
    engine.setParameters(Examples.parameters(EngineConfig.CLASSIC));
    return engine;
  }

  static final class MuchOffTheHeap {
    public static void main(String[] args) {
      ByteBuffer zeros = ByteBuffer.allocateDirect(256 << 20);
      try (Dataset data = Examples.dataset(10, 10);
          Engine engine = open()) {
        long count = engine.evaluate(engine.addDataset(data)).count();
        System.out.println(count + " examples beside " + zeros.capacity() + " bytes");
      }
    }
  }

  /** The first layer's output of 5,000 images takes 94 MB. */
  static final class TooLittleHeap {
    public static void main(String[] args) {
      byte[] images = new byte[5000 * Dataset.PIXELS];
      try (Engine engine = open()) {
        tryInVain(engine, () -> engine.output(Layer.CONV1, images).length);
      }
    }
  }

  /** The engine's copy of the dataset takes 118 MB, and 96 MB are left. */
  static final class TooLittleAddressSpace {
    public static void main(String[] args) throws Exception {
      try (Dataset data = Dataset.of(new byte[150_000 * Dataset.PIXELS], new int[150_000]);
          Engine engine = open()) {
        engine.predict(Examples.image(0));
        long kilobytes =
            Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith("VmSize:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                .findFirst()
                .orElseThrow();
        limit(Long.toString((kilobytes << 10) + (96 << 20)));
        tryInVain(engine, () -> engine.addDataset(data));
      }
    }

    private static void limit(String bytes) throws Exception {
      String pid = Long.toString(ProcessHandle.current().pid());
      Process prlimit =
          new ProcessBuilder("prlimit", "--pid", pid, "--as=" + bytes + ":").inheritIO().start();
      if (prlimit.waitFor() != 0) {
        System.exit(4);
      }
    }
  }
}
