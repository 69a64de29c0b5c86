package org.lenet4j.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Physical cores from made-up accounts of Linux. */
class ProcessorsTest {
  @TempDir Path dir;

  /** siblings[i] is cpu i's list. */
  private int cores(String allowed, String... siblings) throws IOException {
    Path status = Files.writeString(dir.resolve("status"), "Name:\tjava\n" + allowed);
    for (int cpu = 0; cpu < siblings.length; cpu++) {
      Path topology = Files.createDirectories(dir.resolve("cpu" + cpu + "/topology"));
      Files.writeString(topology.resolve("thread_siblings_list"), siblings[cpu] + "\n");
    }
    return Processors.cores(status, dir);
  }

  @Test
  void siblingsCountOnce() throws IOException {
    String[] siblings = {"0,4", "1,5", "2,6", "3,7", "0,4", "1,5", "2,6", "3,7"};
    assertThat(cores("Cpus_allowed_list:\t0-7\n", siblings)).isEqualTo(4);
    assertThat(cores("Cpus_allowed_list:\t0-1,4-5\n", siblings)).isEqualTo(2);
    assertThat(cores("Cpus_allowed_list:\t4,7\n", siblings)).isEqualTo(2);
  }

  @Test
  void neighbouringSiblings() throws IOException {
    String[] siblings = {"0-1", "0-1", "2-3", "2-3"};
    assertThat(cores("Cpus_allowed_list:\t0-3\n", siblings)).isEqualTo(2);
    assertThat(cores("Cpus_allowed_list:\t1\n", siblings)).isEqualTo(1);
  }

  @Test
  void withoutSiblingsEveryProcessorIsACore() throws IOException {
    assertThat(cores("Cpus_allowed_list:\t0-2\n", "0", "1", "2")).isEqualTo(3);
  }

  @Test
  void saysWhatItCannotRead() {
    assertThatThrownBy(() -> cores("Cpus_allowed:\tff\n", "0"))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("Cpus_allowed_list");
    assertThatThrownBy(() -> cores("Cpus_allowed_list:\t0-1\n", "0"))
        .isInstanceOf(IOException.class);
  }

  @Test
  void neverMoreThanTheJvmMayUse() {
    assertThat(Processors.usableCores()).isBetween(1, Runtime.getRuntime().availableProcessors());
    assertThat(NativeEngine.threads(0)).isEqualTo(Processors.usableCores());
    assertThat(NativeEngine.threads(5)).isEqualTo(5);
  }
}
