package org.lenet4j.cli;

import java.util.Locale;
import java.util.concurrent.Callable;
import org.lenet4j.data.Dataset;
import org.lenet4j.engine.Metrics;
import org.lenet4j.training.LeNet;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code lenet4j evaluate}. */
@Command(
    name = "evaluate",
    description = {
      "Measures loss and accuracy of a saved network on the test set. The accuracy comes with its"
          + " standard error, which the size of the test set gives it."
    },
    footer = {
      "",
      "Examples:",
      "  lenet4j evaluate --model lenet4j-out/run-1/model.safetensors",
      "  lenet4j evaluate --model from-pytorch.safetensors --activation relu"
    })
final class EvaluateCommand implements Callable<Integer> {
  @Mixin private ModelOption model;
  @Mixin private DataOptions data;
  @Mixin private NetworkOptions network;
  @Mixin private CommonOptions common;

  @Override
  public Integer call() {
    Output output = new Output(false);
    try (LeNet net = model.load(network)) {
      DataOptions.Source source = data.locate(output);
      try (Dataset test = source.test()) {
        source.requireClasses(net, test);
        output.info("%d test examples from %s".formatted(test.size(), source.directory()));
        output.info("evaluating on " + net.device());
        output.info(NetworkOptions.describe(net));
        output.result(results(net.evaluate(test)));
      }
    }
    return 0;
  }

  private static String results(Metrics metrics) {
    double accuracy = metrics.accuracy();
    return String.format(
        Locale.ROOT,
        "loss %.3f, test acc %.3f +- %.3f",
        metrics.loss(),
        accuracy,
        Math.sqrt(accuracy * (1 - accuracy) / metrics.count()));
  }
}
