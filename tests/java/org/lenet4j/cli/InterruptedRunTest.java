package org.lenet4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.lenet4j.data.IdxFiles;
import org.lenet4j.io.Safetensors;
import org.lenet4j.io.Tensor;
import org.lenet4j.training.Checkpoint;

/** Runs that are cut off, by a user or by force, go on to the bits of one that was not. */
@Timeout(300)
class InterruptedRunTest {
  private static final int KILLS = 12;
  private static final String OPTIONS =
      "train --data data --device cpu --threads 1 --activation tanh --lr 0.01 --batch-size 4"
          + " --epochs 60 --momentum 0.9 --schedule cosine --warmup 1.5 --validation-split 0.1"
          + " --quiet";

  @TempDir private static Path directory;

  private static Path whole;

  @BeforeAll
  static void trainWithoutInterruption() throws IOException {
    IdxFiles.writeBars(directory.resolve("data"), 120, 10);
    assertSucceeds(Cli.run(directory, (OPTIONS + " --out whole").split(" ")));
    whole = directory.resolve("whole");
  }

  private static void assertSucceeds(Cli cli) {
    assertThat(cli.err()).isEmpty();
    assertThat(cli.status()).isZero();
  }

  @Test
  void goesOnAfterEveryKill() throws Exception {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    Path run = directory.resolve("killed");
    String[] first = (OPTIONS + " --checkpoint-every 1 --out killed").split(" ");
    String[] again = "train --resume killed --quiet".split(" ");
    for (int kill = 0; kill < KILLS; kill++) {
      Process process = Cli.start(directory, kill == 0 ? first : again);
      try {
        awaitCheckpoint(process, run);
        Thread.sleep(random.nextInt(30));
        assertThat(process.isAlive())
            .as("still training at kill %d, with seed %d", kill, seed)
            .isTrue();
      } finally {
        process.destroyForcibly().waitFor();
      }
    }
    assertSucceeds(
        Cli.run(directory, "train --resume killed --checkpoint-every 999 --quiet".split(" ")));
    assertSameAsWhole(run);
    try (Stream<Path> files = Files.list(run)) {
      assertThat(files).as("temporary files").noneMatch(file -> file.toString().endsWith(".tmp"));
    }
  }

  @Test
  void stopsAndSavesOnCtrlC() throws Exception {
    Path run = directory.resolve("stopped");
    Process process =
        Cli.start(directory, (OPTIONS + " --checkpoint-every 1 --out stopped").split(" "));
    try {
      while (process.isAlive() && !Files.exists(run.resolve("best.safetensors"))) {
        Thread.sleep(1); // Until an epoch is over, so that there are curves to draw.
      }
      new ProcessBuilder("kill", "-INT", Long.toString(process.pid())).start().waitFor();
      assertThat(process.waitFor(200, TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue()).isEqualTo(130);
    } finally {
      process.destroyForcibly();
    }
    assertThat(Files.readString(directory.resolve("stderr.txt"))).isEmpty();
    Checkpoint last = Checkpoint.load(run.resolve("last.safetensors"));
    assertThat(Files.readString(directory.resolve("stdout.txt")))
        .isEqualTo(
            "stopped in epoch %d; go on with: lenet4j train --resume stopped%n"
                .formatted(last.history().size() + 1));
    assertThat(run.resolve("model.safetensors")).doesNotExist();
    assertThat(run.resolve("curves.png")).isNotEmptyFile();
    assertThat(run.resolve("curves.svg")).isNotEmptyFile();
    assertThat(run.resolve("report.html"))
        .content()
        .contains("Stopped in epoch %d".formatted(last.history().size() + 1));
    assertSucceeds(
        Cli.run(directory, "train --resume stopped --checkpoint-every 999 --quiet".split(" ")));
    assertThat(run.resolve("report.html")).content().contains("Finished after 60 epochs");
    assertSameAsWhole(run);
  }

  /** Waits until this process has written a checkpoint. */
  private static void awaitCheckpoint(Process process, Path run) throws Exception {
    Path file = run.resolve("last.safetensors");
    FileTime before = modified(file);
    while (process.isAlive() && modified(file).equals(before)) {
      Thread.sleep(1);
    }
  }

  private static FileTime modified(Path file) throws IOException {
    return Files.exists(file) ? Files.getLastModifiedTime(file) : FileTime.fromMillis(0);
  }

  private static void assertSameAsWhole(Path run) throws IOException {
    assertThat(run.resolve("model.safetensors"))
        .hasSameBinaryContentAs(whole.resolve("model.safetensors"));
    assertThat(tensors(run.resolve("best.safetensors")))
        .usingRecursiveComparison()
        .isEqualTo(tensors(whole.resolve("best.safetensors")));
    assertThat(history(run)).isEqualTo(history(whole));
  }

  private static List<Tensor> tensors(Path file) {
    return Safetensors.read(file).tensors();
  }

  /** The lines without what depends on the clock. */
  private static List<String> history(Path run) throws IOException {
    return Files.readAllLines(run.resolve("history.jsonl")).stream()
        .map(line -> line.replaceFirst(",\"step_seconds.*", ""))
        .toList();
  }
}
