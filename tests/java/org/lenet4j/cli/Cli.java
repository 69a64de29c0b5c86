package org.lenet4j.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** The command line as its user meets it: a process with an exit status and two streams. */
record Cli(int status, String out, String err) {
  private static final long SECONDS = 200;

  private static final boolean CUDA = Boolean.getBoolean("lenet4j.tests.cuda");
  private static final boolean EMULATED = System.getenv("LENET_EMU_KERNELS") != null;

  /**
   * What the pom's execution emulated-cuda-tests or bench/gpu-check sets, and every child process
   * needs.
   */
  private static final List<String> CUDA_OPTIONS =
      Stream.of("lenet4j.cuda.path", "org.bytedeco.javacpp.cachedir")
          .filter(name -> CUDA)
          .map(name -> "-D%s=%s".formatted(name, System.getProperty(name)))
          .toList();

  /** The device to test with: this one, or the GPU, emulated or not, when that is tested. */
  static String device(String usual) {
    return CUDA ? "cuda" : usual;
  }

  /** What the program calls {@link #device}. */
  static String deviceName(String usual) {
    return CUDA ? EMULATED ? "cuda:0 [EMULATED on CPU]" : "cuda:0" : usual;
  }

  /**
   * Starts a command and does not wait for it; its output goes to stdout.txt and stderr.txt in the
   * directory.
   */
  static Process start(Path directory, String... args) {
    try {
      return new ProcessBuilder(command(System.getProperty("java.class.path"), CUDA_OPTIONS, args))
          .directory(directory.toFile())
          .redirectOutput(directory.resolve("stdout.txt").toFile())
          .redirectError(directory.resolve("stderr.txt").toFile())
          .start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<String> command(String classPath, List<String> jvmOptions, String... args) {
    List<String> command = new ArrayList<>();
    // Whoever starts the tests in the background may have it ignored.
    command.addAll(List.of("env", "--default-signal=INT"));
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    // Starting quickly matters more here than running fast.
    command.add("-XX:TieredStopAtLevel=1");
    // As the runnable jar's manifest says: JDK 24 and later warn otherwise.
    command.add("--enable-native-access=ALL-UNNAMED");
    command.addAll(jvmOptions);
    command.add("-cp");
    command.add(classPath);
    command.add("org.lenet4j.cli.Main");
    command.addAll(List.of(args));
    return command;
  }

  /** Runs a command in a directory, where its output files appear as well. */
  static Cli run(Path directory, String... args) {
    return runWithClassPath(System.getProperty("java.class.path"), directory, args);
  }

  /** Likewise, with another class path. */
  static Cli runWithClassPath(String classPath, Path directory, String... args) {
    return run(classPath, CUDA_OPTIONS, Map.of(), directory, args);
  }

  /**
   * Likewise, with just these options for the JVM, and variables added to its environment, or
   * removed from it where the value is empty.
   */
  static Cli run(
      String classPath,
      List<String> jvmOptions,
      Map<String, String> environment,
      Path directory,
      String... args) {
    List<String> command = command(classPath, jvmOptions, args);
    File out = directory.resolve("stdout.txt").toFile();
    File err = directory.resolve("stderr.txt").toFile();
    try {
      ProcessBuilder builder =
          new ProcessBuilder(command)
              .directory(directory.toFile())
              .redirectOutput(out)
              .redirectError(err);
      builder.environment().putAll(environment);
      builder.environment().values().removeIf(String::isEmpty);
      Process process = builder.start();
      if (!process.waitFor(SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new AssertionError(command + " has not ended after " + SECONDS + " s");
      }
      return new Cli(process.exitValue(), read(out), read(err));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  private static String read(File file) throws IOException {
    return new String(Files.readAllBytes(file.toPath()), UTF_8);
  }
}
