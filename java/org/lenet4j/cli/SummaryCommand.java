package org.lenet4j.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;
import org.lenet4j.training.LayerSummary;
import org.lenet4j.training.LeNet;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code lenet4j summary}. */
@Command(
    name = "summary",
    abbreviateSynopsis = true,
    description = {
      "Shows each layer's output shape, parameters and FLOPs.",
      "",
      "The shapes are those of one random image's way through the network."
    },
    footer = {
      "",
      "Examples:",
      "  lenet4j summary",
      "  lenet4j summary --activation relu --pooling max",
      "  lenet4j summary --model lenet4j-out/run-1/model.safetensors"
    })
final class SummaryCommand implements Callable<Integer> {
  @Option(
      names = "--model",
      paramLabel = "FILE",
      description = "A safetensors file (default: the classic network with random weights).")
  private Path model;

  @Mixin private NetworkOptions network;
  @Mixin private CommonOptions common;

  @Override
  public Integer call() {
    LeNet.Builder builder = network.builder();
    try (LeNet net = model == null ? builder.build() : builder.load(model)) {
      List<LayerSummary> layers = net.summary();
      Output output = new Output();
      NetworkOptions.shapes(layers).forEach(output::result);
      output.result("");
      output.result(row("layer", "output", "parameters", "multiply-adds", "FLOPs"));
      for (LayerSummary layer : layers) {
        output.result(
            row(
                layer.layer().name().toLowerCase(Locale.ROOT),
                shape(layer),
                number(layer.parameters()),
                number(layer.multiplyAdds()),
                number(layer.flops())));
      }
      output.result(
          row(
              "total",
              "",
              total(layers, LayerSummary::parameters),
              total(layers, LayerSummary::multiplyAdds),
              total(layers, LayerSummary::flops)));
      output.result("");
      output.result(
          "Forward pass of one image; a multiply-add is 2 FLOPs, and only convolutions and dense"
              + " layers are counted.");
    }
    return 0;
  }

  private static String row(String... cells) {
    return "%-16s %-9s %10s %13s %9s".formatted((Object[]) cells);
  }

  private static String shape(LayerSummary layer) {
    return layer.shape().stream().skip(1).map(String::valueOf).collect(Collectors.joining("x"));
  }

  private static String total(List<LayerSummary> layers, ToLongFunction<LayerSummary> value) {
    return number(layers.stream().mapToLong(value).sum());
  }

  private static String number(long value) {
    return value == 0 ? "-" : String.format(Locale.US, "%,d", value);
  }
}
