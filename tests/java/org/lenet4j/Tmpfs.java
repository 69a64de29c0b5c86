package org.lenet4j;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/** A file system of its own, for what must not happen to a real one. */
public record Tmpfs(Path path) implements AutoCloseable {
  /**
   * Mounts one on an empty directory; skips the test where that is not allowed.
   *
   * @param options of mount, such as {@code noexec} or {@code size=1m}
   */
  public static Tmpfs mount(Path directory, String options) {
    Assumptions.assumeTrue(
        run("mount", "-t", "tmpfs", "-o", options, "tmpfs", directory.toString()) == 0,
        "mounting a file system needs root");
    return new Tmpfs(directory);
  }

  @Override
  public void close() {
    // Lazily: a library that was mapped from here keeps it busy.
    assertThat(run("umount", "--lazy", path.toString())).isZero();
  }

  private static int run(String... command) {
    try {
      Process process = new ProcessBuilder(command).start();
      return process.waitFor(60, TimeUnit.SECONDS) ? process.exitValue() : -1;
    } catch (IOException e) {
      return -1; // There is no such command.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return -1;
    }
  }
}
