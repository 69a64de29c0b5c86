package org.lenet4j.cli;

import java.nio.file.Path;
import org.lenet4j.training.LeNet;
import picocli.CommandLine.Option;

/** Which saved network. */
final class ModelOption {
  @Option(
      names = "--model",
      paramLabel = "FILE",
      required = true,
      description = "The weights, a safetensors file.")
  private Path file;

  LeNet load(LeNet.Builder builder) {
    return builder.load(file);
  }
}
