package org.lenet4j.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.lenet4j.LeNetException;
import org.lenet4j.engine.Activation;
import org.lenet4j.engine.Device;
import org.lenet4j.engine.EngineConfig;
import org.lenet4j.engine.Pooling;
import org.lenet4j.io.FileReasons;
import org.lenet4j.training.LeNet;
import picocli.CommandLine.Option;

/** Which variant of the network, and where it computes. */
final class NetworkOptions {
  @Option(
      names = "--activation",
      paramLabel = "NAME",
      converter = Converters.ActivationName.class,
      description = "sigmoid, tanh or relu (default: what the weights file says, else sigmoid).")
  private Activation activation;

  @Option(
      names = "--pooling",
      paramLabel = "NAME",
      converter = Converters.PoolingName.class,
      description = "avg or max (default: what the weights file says, else avg).")
  private Pooling pooling;

  @Option(
      names = "--device",
      paramLabel = "DEVICE",
      defaultValue = "auto",
      converter = Converters.DeviceName.class,
      description = {
        "auto, cpu, cuda, cuda:N or java, the slow reference (default: ${DEFAULT-VALUE}).",
        "auto takes the fastest one that works and says which."
      })
  private Device device;

  @Option(
      names = "--threads",
      paramLabel = "N",
      defaultValue = "0",
      converter = Converters.Threads.class,
      description = {
        "Threads of the cpu device, 0 for one per physical core (default: ${DEFAULT-VALUE}).",
        "The results are the same bits for any number."
      })
  private int threads;

  @Option(
      names = "--isa",
      paramLabel = "NAME",
      description =
          "Instruction set of the cpu device, such as x86-64-v3 (default: the best there is).")
  private String instructionSet;

  @Option(
      names = "--tf32",
      description = "Let the cuda device round the inputs of products to TF32: faster, less exact.")
  private boolean tf32;

  @Option(
      names = "--no-graph",
      description = "Do not let the cuda device replay its steps as CUDA Graphs: only slower.")
  private boolean noGraph;

  @Option(
      names = "--labels",
      paramLabel = "FILE",
      description = {
        "Text file with the names of the classes, one a line (default: those of the weights file;"
            + " Fashion-MNIST's where it is trained on)."
      })
  private Path labels;

  /** Whether names of the classes were given. */
  boolean hasLabels() {
    return labels != null;
  }

  /** A builder on which all of these options are set. */
  LeNet.Builder builder() {
    LeNet.Builder builder =
        LeNet.builder().device(device).threads(threads).tf32(tf32).cudaGraph(!noGraph);
    if (instructionSet != null) {
      builder.instructionSet(instructionSet);
    }
    if (activation != null) {
      builder.activation(activation);
    }
    if (pooling != null) {
      builder.pooling(pooling);
    }
    if (labels != null) {
      builder.labels(readLabels(labels));
    }
    return builder;
  }

  private static List<String> readLabels(Path file) {
    try {
      return Files.readAllLines(file).stream()
          .map(String::strip)
          .filter(line -> !line.isEmpty())
          .toList();
    } catch (IOException e) {
      throw new LeNetException(file + " could not be read: " + FileReasons.of(e), e);
    }
  }

  /** One line on a network: where it computes, and which variant it is. */
  static String describe(LeNet net) {
    EngineConfig config = net.config();
    return "%s; %s, %s pooling, %d classes"
        .formatted(
            net.description(),
            Converters.lower(config.activation()),
            Converters.lower(config.pooling()),
            config.classes());
  }
}
