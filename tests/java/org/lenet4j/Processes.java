package org.lenet4j;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.util.concurrent.TimeUnit;

/** Programs that do not outlive the test that runs them. */
public final class Processes {
  private Processes() {}

  /**
   * Runs a program to its end and returns its exit status.
   *
   * @throws AssertionError if it has not ended by then, with its output if that goes to a file
   * @throws IOException if there is no such program
   */
  public static int run(ProcessBuilder builder, long seconds) throws IOException {
    Process process = builder.start();
    try {
      if (process.waitFor(seconds, TimeUnit.SECONDS)) {
        return process.exitValue();
      }
      File output = builder.redirectOutput().file();
      throw new AssertionError(
          "%s has not ended after %d s: %s"
              .formatted(
                  builder.command(),
                  seconds,
                  output == null ? "" : Files.readString(output.toPath())));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    } finally {
      process.destroyForcibly();
    }
  }
}
