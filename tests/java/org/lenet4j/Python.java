package org.lenet4j;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The Python that LENET4J_PYTHON names, or else python3; docs/pytorch_lenet.py is a module of it.
 */
public final class Python {
  public static final String PROGRAM = System.getenv().getOrDefault("LENET4J_PYTHON", "python3");

  private static final long SECONDS = 200;

  private Python() {}

  /** The exit status, -1 where there is no such program, and what was printed. */
  public record Result(int status, String out, String err) {}

  /** Runs it with these arguments in a directory, where its output files appear as well. */
  public static Result run(Path directory, String... arguments) {
    List<String> command = new ArrayList<>(List.of(PROGRAM));
    command.addAll(List.of(arguments));
    Path out = directory.resolve("python-out.txt");
    Path err = directory.resolve("python-err.txt");
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(directory.toFile())
            .redirectOutput(out.toFile())
            .redirectError(err.toFile());
    builder.environment().put("PYTHONPATH", Path.of("docs").toAbsolutePath().toString());
    builder.environment().put("PYTHONDONTWRITEBYTECODE", "1");
    int status;
    try {
      status = Processes.run(builder, SECONDS);
    } catch (IOException e) {
      return new Result(-1, "", e.getMessage());
    }
    try {
      return new Result(status, Files.readString(out), Files.readString(err));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
