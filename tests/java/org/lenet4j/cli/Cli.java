package org.lenet4j.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.lenet4j.Processes;

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
      return builder(System.getProperty("java.class.path"), CUDA_OPTIONS, directory, args).start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static ProcessBuilder builder(
      String classPath, List<String> jvmOptions, Path directory, String... args) {
    return new ProcessBuilder(command(classPath, jvmOptions, args))
        .directory(directory.toFile())
        .redirectOutput(directory.resolve("stdout.txt").toFile())
        .redirectError(directory.resolve("stderr.txt").toFile());
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
    ProcessBuilder builder = builder(classPath, jvmOptions, directory, args);
    builder.environment().putAll(environment);
    builder.environment().values().removeIf(String::isEmpty);
    try {
      return new Cli(
          Processes.run(builder, SECONDS),
          Files.readString(directory.resolve("stdout.txt")),
          Files.readString(directory.resolve("stderr.txt")));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Runs a command in this process, which saves the start of a JVM; paths are to be absolute. */
  static Cli runHere(String... args) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int status =
        Main.commandLine()
            .setOut(new PrintWriter(out))
            .setErr(new PrintWriter(err))
            .execute(Main.trainByDefault(args));
    return new Cli(status, out.toString(), err.toString());
  }
}
