package org.lenet4j.cli;

import picocli.CommandLine.Option;

/** The size of a mini-batch. */
final class BatchOption {
  @Option(
      names = "--batch-size",
      paramLabel = "N",
      defaultValue = "256",
      converter = Converters.AtLeastOne.class,
      description = "Examples in a mini-batch (default: ${DEFAULT-VALUE}).")
  private int size;

  int size() {
    return size;
  }
}
