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
  void takesAnEmptyFolderOnly() throws IOException {
    Path chosen = directory.resolve("b/chosen");
    assertThat(RunFolder.at(chosen).path()).isDirectory();
    assertThat(RunFolder.at(chosen).path()).isEqualTo(chosen);
    Files.createFile(chosen.resolve("x"));
    assertThatThrownBy(() -> RunFolder.at(chosen))
        .isInstanceOf(LeNetException.class)
        .hasMessageStartingWith(chosen + " is not empty");
  }
}
