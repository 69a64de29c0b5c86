package org.lenet4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lenet4j.LeNetException;

class RunFolderTest {
  @TempDir private Path directory;

  @Test
  void countsOnFromTheHighest() throws IOException {
    Path runs = directory.resolve("a/runs");
    assertThat(RunFolder.next(runs).path()).isEqualTo(runs.resolve("run-1")).isDirectory();
    Files.createDirectory(runs.resolve("run-7"));
    Files.createDirectory(runs.resolve("run-x9"));
    assertThat(RunFolder.next(runs).path()).isEqualTo(runs.resolve("run-8"));
  }

  @Test
  void givesEveryRunItsOwn() {
    long different =
        IntStream.range(0, 50)
            .parallel()
            .mapToObj(i -> RunFolder.next(directory).path())
            .distinct()
            .count();
    assertThat(different).isEqualTo(50);
  }

  @Test
  void takesAnEmptyFolder() {
    Path chosen = directory.resolve("b/chosen");
    RunFolder.at(chosen, false).close();
    try (RunFolder again = RunFolder.at(chosen, false)) {
      assertThat(again.path()).isEqualTo(chosen).isDirectory();
    }
  }

  @Test
  void neverTouchesWhatIsNoRun() throws IOException {
    Path own = Files.createFile(directory.resolve("x"));
    for (boolean force : new boolean[] {false, true}) {
      assertThatThrownBy(() -> RunFolder.at(directory, force))
          .isInstanceOf(LeNetException.class)
          .hasMessage(
              directory + " is not empty and does not hold a run: name another folder with --out");
    }
    assertThat(own).exists();
  }

  @Test
  void overwritesARunOnlyByForce() throws IOException {
    for (String name : new String[] {"config.json", "last.safetensors", "mine.txt"}) {
      Files.createFile(directory.resolve(name));
    }
    assertThatThrownBy(() -> RunFolder.at(directory, false))
        .isInstanceOf(LeNetException.class)
        .hasMessageStartingWith(directory + " holds a run already")
        .hasMessageContaining("--force");
    assertThat(directory.resolve("last.safetensors")).exists();
    RunFolder.at(directory, true).close();
    assertThat(directory.resolve("last.safetensors")).doesNotExist();
    assertThat(directory.resolve("config.json")).doesNotExist();
    assertThat(directory.resolve("mine.txt")).exists();
  }

  @Test
  void letsOneRunInAtATime() throws IOException {
    Files.createFile(directory.resolve("config.json"));
    try (RunFolder first = RunFolder.of(directory)) {
      assertThat(first.path()).isEqualTo(directory);
      assertThatThrownBy(() -> RunFolder.of(directory))
          .isInstanceOf(LeNetException.class)
          .hasMessageContaining("is under way");
    }
    RunFolder.of(directory).close();
  }

  @Test
  void removesWhatAKilledWriterLeft() throws IOException {
    Files.createFile(directory.resolve("config.json"));
    Path left = Files.createFile(directory.resolve(".last.safetensors.0-1.tmp"));
    RunFolder.of(directory).close();
    assertThat(left).doesNotExist();
    assertThatThrownBy(() -> RunFolder.of(directory.resolve("nowhere")))
        .isInstanceOf(LeNetException.class)
        .hasMessageContaining("holds no run to resume");
  }
}
