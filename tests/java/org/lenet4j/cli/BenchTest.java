package org.lenet4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lenet4j.Version;
import org.lenet4j.data.IdxFiles;

class BenchTest {
  private static final List<String> RATES =
      List.of(
          "step_examples_per_second", "epoch_examples_per_second", "inference_images_per_second");

  @TempDir private static Path directory;

  @BeforeAll
  static void writeData() throws IOException {
    IdxFiles.writeBars(directory.resolve("data"), 300, 300);
  }

  private static Cli bench(String options) {
    return Cli.run(
        directory, ("bench --data data --seconds 0.05 --device cpu " + options).split(" "));
  }

  @Test
  void printsATable() {
    Cli bench = bench("--threads 1");
    assertThat(bench.err()).isEmpty();
    assertThat(bench.status()).isZero();
    List<String> lines = bench.out().lines().toList();
    assertThat(lines).hasSize(6);
    assertThat(lines.get(0)).isEqualTo("300 training examples from data");
    assertThat(lines.get(1)).matches("cpu \\(1 thread, .*\\); sigmoid, avg pooling, 3 classes");
    assertThat(lines.get(2)).matches("training, steps alone +[\\d,]+ examples/s, batch 256");
    assertThat(lines.get(3)).matches("training, whole epochs +[\\d,]+ examples/s, .*");
    assertThat(lines.get(4)).matches("inference +[\\d,]+ images/s, 256 at a time");
    assertThat(lines.get(5)).matches("one image +[\\d.,]+ us median, [\\d.,]+ us 99th percentile");
  }

  @Test
  void printsOneJsonObject() throws IOException {
    Cli bench = bench("--json --batch-size 32");
    assertThat(bench.err()).isEmpty();
    assertThat(bench.status()).isZero();
    JsonNode json = new ObjectMapper().readTree(bench.out());
    assertThat(json.get("framework").asText()).isEqualTo("lenet4j");
    assertThat(json.get("version").asText()).isEqualTo(Version.current());
    assertThat(json.get("configuration").asText()).startsWith("cpu (");
    assertThat(json.get("batch").asInt()).isEqualTo(32);
    assertThat(RATES).allSatisfy(rate -> assertThat(json.get(rate).asDouble()).isPositive());
    double median = json.get("latency_median_us").asDouble();
    assertThat(median).isPositive();
    assertThat(json.get("latency_p99_us").asDouble()).isGreaterThanOrEqualTo(median);
    assertThat(json.get("last_loss").asDouble())
        .as("it trains")
        .isLessThan(json.get("first_loss").asDouble());
  }
}
