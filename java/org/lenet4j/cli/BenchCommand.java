package org.lenet4j.cli;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.lenet4j.Version;
import org.lenet4j.data.Dataset;
import org.lenet4j.io.Json;
import org.lenet4j.training.LeNet;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code lenet4j bench}. */
@Command(
    name = "bench",
    abbreviateSynopsis = true,
    description = {
      "Measures how fast this machine trains and predicts.",
      "",
      "Run it on an idle machine. bench/run in lenet4j's sources compares with frameworks."
    },
    footer = {
      "",
      "Examples:",
      "  lenet4j bench",
      "  lenet4j bench --threads 1 --isa x86-64-v3",
      "  lenet4j bench --json > bench.json"
    })
final class BenchCommand implements Callable<Integer> {
  @Option(
      names = "--seconds",
      paramLabel = "S",
      defaultValue = "2",
      converter = Converters.Positive.class,
      description =
          "For each of the two training measurements, warm-up not counted; half of it for each of"
              + " inference's (default: ${DEFAULT-VALUE}).")
  private double seconds;

  @Mixin private BatchOption batch;

  @Option(names = "--json", description = "Print one JSON object instead of a table.")
  private boolean json;

  @Mixin private NetworkOptions network;
  @Mixin private DataOptions data;
  @Mixin private CommonOptions common;

  @Override
  public Integer call() {
    Output output = new Output(false, json);
    DataOptions.Source source = data.locate(output);
    try (Dataset train = source.train();
        LeNet net = network.builder().classes(train.classes()).build()) {
      output.info("%d training examples from %s".formatted(train.size(), source.directory()));
      output.info(NetworkOptions.describe(net));
      Benchmark.Result result = new Benchmark(net, train, batch.size(), seconds).run();
      output.result(table(result));
      output.json(json(net, result));
    }
    return 0;
  }

  private String table(Benchmark.Result result) {
    return String.format(
        Locale.US,
        """
        training, steps alone    %,11.0f examples/s, batch %d
        training, whole epochs   %,11.0f examples/s, shuffling and metrics included
        inference                %,11.0f images/s, %2$d at a time
        one image                %,11.1f us median, %.1f us 99th percentile""",
        result.steps(),
        batch.size(),
        result.epochs(),
        result.inference(),
        result.latencyMedian(),
        result.latency99());
  }

  /** Keep in sync with bench/peers/measure.py, which prints the same fields. */
  private String json(LeNet net, Benchmark.Result result) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("framework", "lenet4j");
    fields.put("version", Version.current());
    fields.put("configuration", NetworkOptions.describe(net));
    fields.put("batch", batch.size());
    fields.put("step_examples_per_second", result.steps());
    fields.put("epoch_examples_per_second", result.epochs());
    fields.put("inference_images_per_second", result.inference());
    fields.put("latency_median_us", result.latencyMedian());
    fields.put("latency_p99_us", result.latency99());
    fields.put("first_loss", result.firstLoss());
    fields.put("last_loss", result.lastLoss());
    return Json.line(fields);
  }
}
