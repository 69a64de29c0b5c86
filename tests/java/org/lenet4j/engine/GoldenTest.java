package org.lenet4j.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.lenet4j.data.Dataset;
import org.lenet4j.engine.CounterRandom.Stream;
import org.lenet4j.io.Safetensors;

/** All engines against numbers that PyTorch computed once in double; see tests/golden. */
class GoldenTest {
  private static final Path GOLDEN = Path.of("tests", "golden");
  private static final JsonNode ROOT = read();

  /** golden.json has ten significant digits. */
  private static final double PRINTED = 1e-9;

  private static JsonNode read() {
    try {
      return new ObjectMapper().readTree(GOLDEN.resolve("golden.json").toFile());
    } catch (IOException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  @Test
  void randomBitsAreThoseOfTheDefinition() {
    JsonNode rows = ROOT.get("random").get("bits");
    assertThat(rows).isNotEmpty();
    for (JsonNode row : rows) {
      Stream stream = Stream.valueOf(row.get("stream").asText());
      long seed = row.get("seed").bigIntegerValue().longValue();
      long epoch = row.get("epoch").bigIntegerValue().longValue();
      long index = row.get("index").bigIntegerValue().longValue();
      assertThat(CounterRandom.bits(seed, stream, epoch, index))
          .as(row.toString())
          .isEqualTo(Long.parseUnsignedLong(row.get("bits").asText(), 16));
      assertThat(CounterRandom.uniform(seed, stream, epoch, index))
          .isEqualTo((float) row.get("uniform").asDouble());
    }
  }

  @Test
  void permutationIsThatOfTheDefinition() {
    JsonNode row = ROOT.get("random").get("permutation");
    int[] expected =
        IntStream.range(0, row.get("n").asInt())
            .map(i -> row.get("order").get(i).asInt())
            .toArray();
    assertThat(
            CounterRandom.permutation(
                expected.length, row.get("seed").asLong(), row.get("epoch").asLong()))
        .isEqualTo(expected);
  }

  @Test
  void imagesAreThoseOfTheDefinition() {
    assertThat(ROOT.get("images")).isNotEmpty();
    for (JsonNode row : ROOT.get("images")) {
      int n = row.get("image").asInt();
      byte[] image = Examples.image(n);
      assertThat(Examples.label(n, 10))
          .as("label of image %d", n)
          .isEqualTo(row.get("label").asInt());
      int sum = 0;
      for (byte pixel : image) {
        sum += pixel & 255;
      }
      assertThat(sum).as("sum of image %d", n).isEqualTo(row.get("sum").asInt());
      JsonNode first = row.get("firstPixels");
      for (int p = 0; p < first.size(); p++) {
        assertThat(image[p] & 255).as("image %d[%d]", n, p).isEqualTo(first.get(p).asInt());
      }
    }
  }

  @Test
  void initialParametersAreThoseOfTheDefinition() {
    checkTensors(
        "initial", ROOT.get("initialParameters"), Examples.parameters(EngineConfig.CLASSIC), 1, 0);
  }

  @TestFactory
  List<DynamicNode> engines() {
    List<DynamicNode> tests = new ArrayList<>();
    for (EngineUnderTest engine : EngineUnderTest.all()) {
      for (JsonNode golden : ROOT.get("cases")) {
        tests.add(
            DynamicTest.dynamicTest(
                engine + ": " + golden.get("name").asText(), () -> checkCase(engine, golden)));
      }
    }
    return tests;
  }

  private static void checkCase(EngineUnderTest underTest, JsonNode golden) throws IOException {
    EngineConfig config = config(golden);
    int batch = golden.get("batch").asInt();
    int steps = golden.get("losses").size();
    int first = golden.get("firstImage").asInt();
    int[] images = IntStream.range(first, first + steps * batch).toArray();
    float rate = (float) golden.get("learningRate").asDouble();
    try (Dataset data = Examples.dataset(images, 10);
        Engine engine = underTest.open(config)) {
      engine.setParameters(Examples.parameters(config));
      int id = engine.addDataset(data);

      float[] logits = engine.output(Layer.FC3, Examples.images(Arrays.copyOf(images, batch)));
      for (int i = 0; i < logits.length; i++) {
        double expected = golden.get("logits").get(i / 10).get(i % 10).asDouble();
        assertThat((double) logits[i])
            .as("logit %d", i)
            .isCloseTo(expected, within(Closeness.EPSILON * Closeness.FORWARD_CHAIN));
      }

      float[] gradient = new float[config.layout().size()];
      double loss = engine.gradients(id, IntStream.range(0, batch).toArray(), gradient);
      Closeness.checkLoss("loss", loss, golden.get("losses").get(0).asDouble());
      checkTensors("gradient", golden.get("gradient"), gradient, Closeness.BACKWARD_CHAIN, 0);
      if (golden.get("name").asText().equals("classic")) {
        Safetensors file = Safetensors.read(GOLDEN.resolve("classic-gradient.safetensors"));
        for (ParameterLayout.Tensor tensor : config.layout().tensors()) {
          float[] expected = file.tensor(tensor.key()).orElseThrow().values();
          float[] actual =
              Arrays.copyOfRange(gradient, tensor.offset(), tensor.offset() + tensor.length());
          Closeness.check(
              "gradient of " + tensor.name(), actual, expected, Closeness.BACKWARD_CHAIN);
        }
      }

      float[] rates = new float[steps];
      Arrays.fill(rates, rate);
      engine.startEpoch(
          new EpochPlan(id, 0, IntStream.range(0, steps * batch).toArray(), batch, rates));
      for (int step = 0; step < steps; step++) {
        engine.run(1);
        Closeness.checkLoss(
            "loss of step " + step,
            engine.takeMetrics().loss(),
            golden.get("losses").get(step).asDouble());
      }
      double reach = rate * steps / (1 - config.momentum());
      checkTensors(
          "final",
          golden.get("finalParameters"),
          engine.parameters(),
          2 * steps,
          Closeness.EPSILON * Closeness.BACKWARD_CHAIN * reach * largestGradient(golden));
    }
  }

  private static EngineConfig config(JsonNode golden) {
    EngineConfig config =
        EngineConfig.CLASSIC
            .withVariant(
                Activation.valueOf(golden.get("activation").asText().toUpperCase(Locale.ROOT)),
                Pooling.valueOf(golden.get("pooling").asText().toUpperCase(Locale.ROOT)))
            .withInput(
                (float) golden.get("scale").asDouble(), (float) golden.get("offset").asDouble())
            .withWeightDecay((float) golden.get("weightDecay").asDouble())
            .withLabelSmoothing((float) golden.get("labelSmoothing").asDouble());
    float momentum = (float) golden.get("momentum").asDouble();
    return momentum == 0
        ? config
        : config.withMomentum(momentum, golden.get("nesterov").asBoolean());
  }

  private static double largestGradient(JsonNode golden) {
    double largest = 0;
    for (JsonNode tensor : golden.get("gradient")) {
      largest = Math.max(largest, tensor.get("max").asDouble());
    }
    return largest;
  }

  /** Sum, norm, largest value and samples of every tensor. */
  private static void checkTensors(
      String what, JsonNode golden, float[] arena, double chain, double slack) {
    for (JsonNode row : ROOT.get("tensors")) {
      ParameterLayout.Tensor tensor =
          EngineConfig.CLASSIC.layout().tensor(row.get("name").asText());
      assertThat(tensor.offset()).isEqualTo(row.get("offset").asInt());
      JsonNode expected = golden.get(tensor.name());
      double sum = 0;
      double squares = 0;
      double largest = 0;
      for (int i = tensor.offset(); i < tensor.offset() + tensor.length(); i++) {
        sum += arena[i];
        squares += (double) arena[i] * arena[i];
        largest = Math.max(largest, Math.abs(arena[i]));
      }
      double allowance =
          (Closeness.EPSILON * chain + PRINTED) * expected.get("max").asDouble() + slack;
      String name = what + " " + tensor.name();
      assertThat(largest)
          .as(name + ", largest")
          .isCloseTo(expected.get("max").asDouble(), within(allowance));
      assertThat(Math.sqrt(squares))
          .as(name + ", norm")
          .isCloseTo(
              expected.get("norm").asDouble(), within(allowance * Math.sqrt(tensor.length())));
      assertThat(sum)
          .as(name + ", sum")
          .isCloseTo(expected.get("sum").asDouble(), within(allowance * tensor.length()));
      JsonNode samples = row.get("sampleIndices");
      for (int i = 0; i < samples.size(); i++) {
        assertThat((double) arena[tensor.offset() + samples.get(i).asInt()])
            .as(name + "[%d]", samples.get(i).asInt())
            .isCloseTo(expected.get("samples").get(i).asDouble(), within(allowance));
      }
    }
  }
}
