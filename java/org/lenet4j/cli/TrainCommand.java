package org.lenet4j.cli;

import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.lenet4j.LeNetException;
import org.lenet4j.data.Dataset;
import org.lenet4j.io.AtomicFile;
import org.lenet4j.training.LeNet;
import org.lenet4j.training.Trainer;
import org.lenet4j.training.Training;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code lenet4j train}. */
@Command(
    name = "train",
    description = {
      "Trains a network by stochastic gradient descent, by default just as the chapter does, and"
          + " leaves its curves, history and weights in a run folder."
    },
    footer = {
      "",
      "Examples:",
      "  lenet4j train",
      "  lenet4j train --activation relu --lr 0.1 --epochs 5 --seed 1",
      "  lenet4j train --init lenet.safetensors --lr 0.1 --save better.safetensors",
      "  lenet4j train --data my-idx-files --out runs/first --quiet"
    })
final class TrainCommand implements Callable<Integer> {
  private static final Path RUNS = Path.of("lenet4j-out");

  @Option(
      names = "--epochs",
      paramLabel = "N",
      defaultValue = "10",
      converter = Converters.AtLeastOne.class,
      description = "Passes over the training set (default: ${DEFAULT-VALUE}).")
  private int epochs;

  @Option(
      names = "--batch-size",
      paramLabel = "N",
      defaultValue = "256",
      converter = Converters.AtLeastOne.class,
      description = "Examples in a mini-batch (default: ${DEFAULT-VALUE}).")
  private int batchSize;

  @Option(
      names = "--lr",
      paramLabel = "RATE",
      defaultValue = "0.9",
      converter = Converters.LearningRate.class,
      description = "Learning rate (default: ${DEFAULT-VALUE}).")
  private float learningRate;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "0",
      description = {
        "Of the initial weights and the order of examples (default: ${DEFAULT-VALUE}).",
        "The same seed gives the same network, bit by bit."
      })
  private long seed;

  @Mixin private NetworkOptions network;
  @Mixin private DataOptions data;

  @Option(
      names = "--train-limit",
      paramLabel = "N",
      converter = Converters.AtLeastOne.class,
      description = "Train on the first N examples only (default: all).")
  private Integer trainLimit;

  @Option(names = "--no-shuffle", description = "Keep the data's order in every epoch.")
  private boolean noShuffle;

  @Option(
      names = "--init",
      paramLabel = "FILE",
      description = "Start from these weights, a safetensors file (default: random ones).")
  private Path init;

  @Option(
      names = "--save",
      paramLabel = "FILE",
      description = "Also save the final weights here, as a safetensors file.")
  private Path save;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "The run folder, new or empty (default: the next free lenet4j-out/run-N).")
  private Path out;

  @Option(names = "--quiet", description = "Print the final results only.")
  private boolean quiet;

  @Mixin private CommonOptions common;

  @Override
  public Integer call() {
    if (save != null) {
      AtomicFile.requireWritable(save); // Rather now than after the training.
    }
    Output output = new Output(quiet);
    DataOptions.Source source = data.locate(output);
    try (Dataset all = source.train();
        Dataset train = all.take(trainLimit == null ? all.size() : trainLimit);
        Dataset test = source.test();
        LeNet net = open(Math.max(all.classes(), test.classes()))) {
      source.requireClasses(net, train);
      source.requireClasses(net, test);
      output.info(
          "%d training and %d test examples from %s"
              .formatted(train.size(), test.size(), source.directory()));
      train(net, train, test, output);
    }
    return 0;
  }

  private LeNet open(int classes) {
    LeNet.Builder builder = network.builder();
    return init == null ? builder.classes(classes).seed(seed).build() : builder.load(init);
  }

  private void train(LeNet net, Dataset train, Dataset test, Output output) {
    RunFolder folder = out == null ? RunFolder.next(RUNS) : RunFolder.at(out);
    output.info("training on " + net.device());
    output.info(NetworkOptions.describe(net));
    Training run;
    try (HistoryFile history = new HistoryFile(folder.history());
        ProgressDisplay display = new ProgressDisplay(output)) {
      run =
          Trainer.classic()
              .epochs(epochs)
              .batchSize(batchSize)
              .learningRate(learningRate)
              .seed(seed)
              .shuffle(!noShuffle)
              .onProgress(
                  progress -> {
                    history.accept(progress);
                    display.accept(progress);
                  })
              .fit(net, train, test);
    }
    net.save(folder.weights());
    if (save != null) {
      net.save(save);
    }
    if (run.outcome() == Training.Outcome.STOPPED) {
      throw new LeNetException(
          "the training was interrupted after %d of %d epochs; the weights so far are in %s"
              .formatted(run.history().size(), epochs, folder.weights()));
    }
    boolean plotted = plot(folder, run, net, output);
    report(folder, run, net, plotted, output);
  }

  /** A training is not lost for want of a picture. */
  private boolean plot(RunFolder folder, Training run, LeNet net, Output output) {
    try {
      CurvesPlot.write(
          folder.curves(),
          run,
          "LeNet, batch %d, lr %s, on %s".formatted(batchSize, learningRate, net.device()));
      return true;
    } catch (Exception | LinkageError | InternalError e) {
      // A JDK without fonts or a native AWT library throws errors of the latter kinds.
      output.warn("%s was not drawn: %s".formatted(folder.curves(), e));
      return false;
    }
  }

  private void report(RunFolder folder, Training run, LeNet net, boolean plotted, Output output) {
    if (plotted) {
      output.info("curves in " + folder.curves());
    }
    output.info("history in " + folder.history());
    output.info("weights in " + folder.weights() + (save == null ? "" : " and " + save));
    output.result(ProgressDisplay.results(run.last()));
    output.result(
        String.format(
            Locale.ROOT,
            "%.0f examples/sec on %s (%.0f over whole epochs, shuffling included)",
            run.examplesPerSecond(),
            net.device(),
            run.wholeEpochExamplesPerSecond()));
  }
}
