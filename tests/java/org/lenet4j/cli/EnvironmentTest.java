package org.lenet4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lenet4j.Processes;
import org.lenet4j.Tmpfs;
import org.lenet4j.data.IdxFiles;
import org.lenet4j.engine.Engines;
import org.lenet4j.training.Checkpoint;

/** Surroundings that programs tend to overlook: a locale, a path, a disk that is full or gone. */
class EnvironmentTest {
  @TempDir private Path directory;
  private Path data;

  @BeforeEach
  void writeData() throws IOException {
    data = IdxFiles.writeBars(directory.resolve("data"), 40, 40);
  }

  private List<String> training(Path out, int epochs) {
    return new ArrayList<>(
        List.of(
            "train",
            "--data",
            data.toString(),
            "--out",
            out.toString(),
            "--device",
            "cpu",
            "--batch-size",
            "4",
            "--epochs",
            Integer.toString(epochs)));
  }

  /** Who trains may want one and learns what to add; who computes little is not bothered. */
  @Test
  void onlyATrainingMentionsTheGpuThatIsNotThere() {
    assumeThat(Engines.whyNoGpu()).as("nothing hints at a GPU").isPresent();
    assertThat(Cli.run(directory, "summary").err()).isEmpty();
    assertThat(Cli.run(directory, "train", "--dry-run", "--data", data.toString()).err())
        .startsWith("INFO: using device cpu, not cuda: the CUDA engine (liblenet_cuda.so) is not");
  }

  /** Turkish has another lower case of I; its umlauts and the length are for the file system. */
  @Test
  void aTurkishLocaleAndALongPathWithSpacesAndUmlauts() throws IOException {
    assumeThat(Charset.forName(System.getProperty("sun.jnu.encoding")).newEncoder().canEncode('ü'))
        .as("this JVM's file names can have umlauts")
        .isTrue();
    Path home =
        directory.resolve("Gerät für İşçi " + "ä".repeat(100)).resolve("b ".repeat(90) + "c");
    assertThat(home.toString()).hasSizeGreaterThan(300);
    data = IdxFiles.writeBars(home.resolve("veri kümesi"), 40, 40);
    Path out = home.resolve("çıktı");
    List<String> arguments = training(out, 1);
    arguments.add("--json");
    Cli train = runInTurkish(arguments);
    assertThat(train.err()).isEmpty();
    assertThat(train.status()).isZero();
    assertThat(train.out()).contains("\"type\":\"end\"").contains("\"outcome\":\"complete\"");
    String model = out.resolve("model.safetensors").toString();
    Cli evaluate = runInTurkish(List.of("evaluate", "--model", model, "--data", data.toString()));
    assertThat(evaluate.status()).as(evaluate.err()).isZero();
  }

  private Cli runInTurkish(List<String> arguments) {
    return Cli.run(
        System.getProperty("java.class.path"),
        List.of("-Duser.language=tr", "-Duser.country=TR"),
        Map.of(),
        directory,
        arguments.toArray(String[]::new));
  }

  /**
   * Sets the clock back and forth by up to 300 days at every look; what measures time is spared.
   */
  @Test
  void aClockThatJumps() throws Exception {
    Path source = directory.resolve("clock.c");
    Files.writeString(
        source,
        """
        #define _GNU_SOURCE
        #include <sys/syscall.h>
        #include <sys/time.h>
        #include <time.h>
        #include <unistd.h>

        static long looks;

        int clock_gettime(clockid_t id, struct timespec* now) {
          int result = syscall(SYS_clock_gettime, id, now);
          if (id == CLOCK_REALTIME)
            now->tv_sec += (__sync_fetch_and_add(&looks, 1) % 7 - 3) * 100 * 86400;
          return result;
        }

        int gettimeofday(struct timeval* restrict now, void* restrict zone) {
          struct timespec time;
          int result = clock_gettime(CLOCK_REALTIME, &time);
          now->tv_sec = time.tv_sec;
          now->tv_usec = time.tv_nsec / 1000;
          return result;
        }
        """);
    Path library = directory.resolve("clock.so");
    assumeThat(compile(source, library)).as("there is a C compiler").isTrue();
    List<String> arguments = training(directory.resolve("run"), 3);
    arguments.addAll(List.of("--json", "--tensorboard", "events"));
    Cli train =
        Cli.run(
            System.getProperty("java.class.path"),
            List.of(),
            Map.of("LD_PRELOAD", library.toString()),
            directory,
            arguments.toArray(String[]::new));
    assertThat(train.status()).as(train.err()).isZero();
    assertThat(train.out()).contains("\"outcome\":\"complete\"").doesNotContain("seconds\":-");
    Path usual = directory.resolve("usual");
    Cli again = Cli.run(directory, training(usual, 3).toArray(String[]::new));
    assertThat(again.status()).as(again.err()).isZero();
    assertThat(directory.resolve("run").resolve("model.safetensors"))
        .hasSameBinaryContentAs(usual.resolve("model.safetensors"));
  }

  private static boolean compile(Path source, Path library) {
    String[] command = {"cc", "-shared", "-fPIC", source.toString(), "-o", library.toString()};
    try {
      return Processes.run(new ProcessBuilder(command).inheritIO(), 200) == 0;
    } catch (IOException e) {
      return false; // There is no such command.
    }
  }

  @Test
  void aFullDiskLeavesTheLastGoodCheckpoints() throws IOException {
    Path disk = Files.createDirectory(directory.resolve("disk"));
    // A checkpoint has 494 kB: one epoch's two fit, the next epoch's first one does not.
    try (Tmpfs tmpfs = Tmpfs.mount(disk, "size=1200k")) {
      Path out = tmpfs.path().resolve("run");
      Cli train = Cli.run(directory, training(out, 50).toArray(String[]::new));
      assertThat(train.status()).isEqualTo(1);
      assertThat(train.err().lines())
          .singleElement()
          .asString()
          .startsWith("error: " + out)
          .contains("could not be written: No space left on device");
      assertThat(Checkpoint.load(out.resolve("last.safetensors")).history()).isNotEmpty();
      assertThat(Checkpoint.load(out.resolve("best.safetensors")).history()).isNotEmpty();
      try (Stream<Path> files = Files.list(out)) {
        assertThat(files).noneMatch(file -> file.toString().endsWith(".tmp"));
      }
    }
  }

  @Test
  void aReadOnlyDisk() throws IOException {
    Path disk = Files.createDirectory(directory.resolve("disk"));
    try (Tmpfs tmpfs = Tmpfs.mount(disk, "ro")) {
      Cli train =
          Cli.run(directory, training(tmpfs.path().resolve("run"), 1).toArray(String[]::new));
      assertThat(train.status()).isEqualTo(1);
      assertThat(train.err().lines())
          .singleElement()
          .asString()
          .contains("Read-only file system")
          .contains("--out");
    }
  }

  @Test
  void aRunFolderThatVanishes() throws Exception {
    Path out = directory.resolve("run");
    Process train = Cli.start(directory, training(out, 14_000).toArray(String[]::new));
    try {
      Instant end = Instant.now().plus(Duration.ofMinutes(3));
      while (!Files.exists(out.resolve("last.safetensors")) && Instant.now().isBefore(end)) {
        Thread.sleep(10);
      }
      Files.move(out, directory.resolve("grave")); // At once, whatever is being written.
      assertThat(train.waitFor(200, TimeUnit.SECONDS)).as("ended in time").isTrue();
    } finally {
      train.destroyForcibly();
    }
    assertThat(train.exitValue()).isEqualTo(1);
    assertThat(Files.readString(directory.resolve("stderr.txt")).lines())
        .singleElement()
        .asString()
        .startsWith("error: " + out)
        // Which file is written next is a matter of chance.
        .containsAnyOf("there is no directory " + out, "its directory is gone");
  }
}
