package org.lenet4j.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** A command in a process that finds the emulated CUDA libraries where the test wants it to. */
final class EmulatedCli {
  /** The emulated libraries of the build. */
  static final Path LIBRARIES = Path.of(System.getProperty("lenet4j.cuda.path", "."));

  private final Path directory;
  private final List<String> options = new ArrayList<>();
  private final Map<String, String> environment = new HashMap<>();
  private String classPath = System.getProperty("java.class.path");

  EmulatedCli(Path directory) {
    this.directory = directory;
    options.add("-Dorg.bytedeco.javacpp.cachedir=" + directory.resolve("cache"));
    // Of the tests' own process.
    environment.put("LD_LIBRARY_PATH", "");
  }

  EmulatedCli with(String variable, String value) {
    environment.put(variable, value);
    return this;
  }

  EmulatedCli withCudaPath(Path path) {
    options.add("-Dlenet4j.cuda.path=" + path);
    return this;
  }

  EmulatedCli withJar(Path jar) {
    classPath += System.getProperty("path.separator") + jar;
    return this;
  }

  /** Leaves out the jars of the JavaCPP Presets for CUDA, which profile gpu has the tests use. */
  EmulatedCli withoutPresets() {
    String separator = System.getProperty("path.separator");
    classPath =
        String.join(
            separator,
            Stream.of(classPath.split(separator))
                .filter(entry -> !Path.of(entry).getFileName().toString().matches("cuda-\\d.*jar"))
                .toList());
    return this;
  }

  Cli run(String... args) {
    return Cli.run(classPath, options, environment, directory, args);
  }

  /** The emulated libraries in a directory of their own, under their versioned names only. */
  static Path copyLibraries(Path to, Predicate<String> wanted) {
    try (Stream<Path> files = Files.list(LIBRARIES)) {
      Files.createDirectories(to);
      for (Path file : files.toList()) {
        String name = file.getFileName().toString();
        if (name.matches("libcu.*\\.so\\.\\d+") && wanted.test(name)) {
          Files.copy(file, to.resolve(name));
        }
      }
      return to;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
