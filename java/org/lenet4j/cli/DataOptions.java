package org.lenet4j.cli;

import java.nio.file.Path;
import org.lenet4j.LeNetException;
import org.lenet4j.data.Dataset;
import org.lenet4j.data.FashionMnist;
import org.lenet4j.training.LeNet;
import picocli.CommandLine.Option;

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

  @Option(names = "--offline", description = "Never download anything.")
  private boolean offline;

  /**
   * Data that lies on this machine now.
   *
   * @param options by which {@link FashionMnist} finds it
   * @param directory where it lies
   */
  record Source(FashionMnist.Options options, Path directory) {
    Dataset train() {
      return FashionMnist.train(options);
    }

    Dataset test() {
      return FashionMnist.test(options);
    }

    /** A sentence for labels that a network has no class for. */
    void requireClasses(LeNet net, Dataset data) {
      if (data.classes() > net.config().classes()) {
        throw new LeNetException(
            "the data in %s has labels up to %d, the network only %d classes"
                .formatted(directory, data.classes() - 1, net.config().classes()));
      }
    }
  }

  /** Whether the data are Fashion-MNIST, and not what a directory happens to hold. */
  boolean isFashionMnist() {
    return directory == null;
  }

  /** Finds the data, and downloads it if that is what it takes. */
  Source locate(Output output) {
    try (DownloadDisplay downloads = new DownloadDisplay(output)) {
      FashionMnist.Options options =
          FashionMnist.Options.defaults().withOffline(offline).withListener(downloads);
      if (directory != null) {
        options = options.withDirectory(directory);
      }
      return new Source(options, FashionMnist.locate(options));
    }
  }
}
