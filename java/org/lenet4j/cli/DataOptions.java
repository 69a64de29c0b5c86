package org.lenet4j.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.lenet4j.LeNetException;
import org.lenet4j.data.Dataset;
import org.lenet4j.data.FashionMnist;
import org.lenet4j.data.IdxDataset;
import org.lenet4j.data.LabelMap;
import org.lenet4j.training.LeNet;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Where the examples come from. */
final class DataOptions {
  @Option(
      names = "--data",
      paramLabel = "DIR",
      description = {
        "Directory with the four IDX files of a data set, plain or .gz (default:"
            + " Fashion-MNIST from the user's cache, from Debian's package"
            + " dataset-fashion-mnist, or downloaded).",
      })
  private Path directory;

  @Option(
      names = "--dataset",
      paramLabel = "NAME",
      description = {
        "Which of several data sets in --data, by what its files' names begin with, such as"
            + " emnist-letters."
      })
  private String dataset;

  @Option(
      names = "--transpose",
      description = "Exchange rows and columns of the images, as EMNIST's need it.")
  private boolean transpose;

  @Option(
      names = "--label-map",
      paramLabel = "FILE",
      description = {
        "Text file with a line for each class, its label in the data and its characters' codes or"
            + " its name, such as EMNIST's mapping files."
      })
  private Path labelMap;

  @Option(names = "--offline", description = "Never download anything.")
  private boolean offline;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  /**
   * Data that lies on this machine now.
   *
   * @param options by which {@link FashionMnist} finds it
   * @param directory where it lies
   * @param dataset its name, if a directory holds several; empty if not
   * @param transpose whether its images lie on their sides
   * @param labelMap renumbers and names its classes
   */
  record Source(
      FashionMnist.Options options,
      Path directory,
      String dataset,
      boolean transpose,
      Optional<LabelMap> labelMap) {
    Dataset train() {
      return prepared(
          dataset.isEmpty() ? FashionMnist.train(options) : IdxDataset.train(directory, dataset));
    }

    Dataset test() {
      return prepared(
          dataset.isEmpty() ? FashionMnist.test(options) : IdxDataset.test(directory, dataset));
    }

    private Dataset prepared(Dataset read) {
      Dataset upright = transpose ? read.transposed() : read;
      return labelMap.map(upright::relabelled).orElse(upright);
    }

    /** Names of the classes, as far as the data have any. */
    List<String> labels() {
      return labelMap
          .map(LabelMap::names)
          .orElse(options.directory().isEmpty() ? FashionMnist.labels() : List.of());
    }

    /** A sentence for labels that a network has no class for. */
    void requireClasses(LeNet net, Dataset data) {
      if (data.classes() > net.config().classes()) {
        throw new LeNetException(
            ("the data in %s has labels up to %d, the network only %d classes; take a network"
                    + " trained on these data, or renumber them with --label-map")
                .formatted(directory, data.classes() - 1, net.config().classes()));
      }
    }
  }

  /** Finds the data, and downloads it if that is what it takes. */
  Source locate(Output output) {
    if (directory == null && dataset != null) {
      throw new ParameterException(
          command.commandLine(), "--dataset needs --data: which directory?");
    }
    if (dataset != null && dataset.startsWith("emnist") && !transpose) {
      output.warn("EMNIST's images lie on their sides: --transpose sets them upright");
    }
    try (DownloadDisplay downloads = new DownloadDisplay(output)) {
      FashionMnist.Options options =
          FashionMnist.Options.defaults().withOffline(offline).withListener(downloads);
      if (directory != null) {
        options = options.withDirectory(directory);
      }
      return new Source(
          options,
          FashionMnist.locate(options),
          Objects.requireNonNullElse(dataset, ""),
          transpose,
          Optional.ofNullable(labelMap).map(LabelMap::read));
    }
  }
}
