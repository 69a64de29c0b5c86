package org.lenet4j.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.lenet4j.Version;
import org.lenet4j.data.Dataset;
import org.lenet4j.training.LeNet;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code lenet4j bench}. */
@Command(
    name = "bench",
    description = {
      "Measures how fast this machine trains a fresh network, and how fast that one predicts. Run it"
          + " on an idle machine; bench/run in lenet4j's sources compares with frameworks."
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
      converter = Converters.Seconds.class,
      description =
          "For each of the two training measurements, warm-up not counted; half of it for each of"
              + " inference's (default: ${DEFAULT-VALUE}).")
  private double seconds;

  @Option(
      names = "--batch-size",
      paramLabel = "N",
      defaultValue = "256",
      converter = Converters.AtLeastOne.class,
      description = "Examples in a mini-batch (default: ${DEFAULT-VALUE}).")
  private int batchSize;

  @Option(names = "--json", description = "Print one JSON object instead of a table.")
  private boolean json;

  @Mixin private NetworkOptions network;
  @Mixin private DataOptions data;
  @Mixin private CommonOptions common;

  @Override
  public Integer call() {
    Output output = new Output(json);
    DataOptions.Source source = data.locate(output);
    try (Dataset train = source.train();
        LeNet net = network.builder().classes(train.classes()).build()) {
      output.info("%d training examples from %s".formatted(train.size(), source.directory()));
      output.info(NetworkOptions.describe(net));
      Benchmark.Result result = new Benchmark(net, train, batchSize, seconds).run();
      output.result(json ? json(net, result) : table(result));
    }
    return 0;
  }

  private String table(Benchmark.Result result) {
    return String.format(
        Locale.ROOT,
        """
        training, steps alone    %,11.0f examples/s, batch %d
        training, whole epochs   %,11.0f examples/s, shuffling and metrics included
        inference                %,11.0f images/s, %2$d at a time
        one image                %,11.1f us median, %.1f us 99th percentile""",
        result.steps(),
        batchSize,
        result.epochs(),
        result.inference(),
        result.latencyMedian(),
        result.latency99());
  }

  /** Keep in sync with bench/peers/measure.py, which prints the same fields. */
  private String json(LeNet net, Benchmark.Result result) {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
      json.writeStartObject();
      json.writeStringField("framework", "lenet4j");
      json.writeStringField("version", Version.current());
      json.writeStringField("configuration", NetworkOptions.describe(net));
      json.writeNumberField("batch", batchSize);
      json.writeNumberField("step_examples_per_second", result.steps());
      json.writeNumberField("epoch_examples_per_second", result.epochs());
      json.writeNumberField("inference_images_per_second", result.inference());
      json.writeNumberField("latency_median_us", result.latencyMedian());
      json.writeNumberField("latency_p99_us", result.latency99());
      json.writeNumberField("first_loss", result.firstLoss());
      json.writeNumberField("last_loss", result.lastLoss());
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return text.toString();
  }
}
