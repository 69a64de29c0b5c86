package org.lenet4j.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.lenet4j.LeNetException;
import org.lenet4j.engine.Activation;
import org.lenet4j.engine.EngineConfig;
import org.lenet4j.engine.Pooling;
import org.lenet4j.io.FileReasons;
import org.lenet4j.training.LeNet;
import picocli.CommandLine.Option;

/** Which variant of the network, where the weights file does not say. */
final class VariantOptions {
  @Option(
      names = "--activation",
      paramLabel = "NAME",
      converter = Converters.ActivationName.class,
      description = {
        "sigmoid, tanh or relu (default: what the weights file says, else sigmoid).",
        "A file that says it is not taken for another."
      })
  private Activation activation;

  @Option(
      names = "--pooling",
      paramLabel = "NAME",
      converter = Converters.PoolingName.class,
      description = "avg or max, likewise (default: what the weights file says, else avg).")
  private Pooling pooling;

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

  /** Sets what was given. */
  LeNet.Builder apply(LeNet.Builder builder) {
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

  /** Which variant a network is. */
  static String describe(LeNet net) {
    EngineConfig config = net.config();
    return "%s, %s pooling, %d classes"
        .formatted(
            Converters.lower(config.activation()),
            Converters.lower(config.pooling()),
            config.classes());
  }
}
