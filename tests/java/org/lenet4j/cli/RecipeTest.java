package org.lenet4j.cli;

import static java.nio.file.StandardCopyOption.REPLACE_EXISTING;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.lenet4j.data.Dataset;
import org.lenet4j.data.IdxFiles;
import org.lenet4j.engine.Activation;
import org.lenet4j.engine.Device;
import org.lenet4j.engine.EngineConfig;
import org.lenet4j.engine.Examples;
import org.lenet4j.engine.Pooling;
import org.lenet4j.io.Json;
import org.lenet4j.training.Checkpoint;
import org.lenet4j.training.LeNet;
import org.lenet4j.training.Recipe;
import org.lenet4j.training.Schedule;

/** What --recipe sets, and what overrides it. */
class RecipeTest {
  @TempDir private static Path directory;

  private static final Dataset TRAIN = Examples.bars(12, 3);
  private static final Dataset TEST = Examples.bars(6, 3);

  @BeforeAll
  static void writeData() throws IOException {
    IdxFiles.write(directory.resolve("data"), TRAIN, TEST);
  }

  /** Trains in a new folder, whose path it returns. */
  private static Path train(String options) throws IOException {
    Path out = Files.createTempDirectory(directory, "run");
    String[] args =
        Stream.of("train", "--data", directory.resolve("data"), "--device", "java", "--out", out)
            .map(Object::toString)
            .toArray(String[]::new);
    assertThat(execute(Stream.concat(Arrays.stream(args), Arrays.stream(options.split(" ")))))
        .isZero();
    return out;
  }

  private static int execute(Stream<String> args) {
    return Main.commandLine().execute(args.toArray(String[]::new));
  }

  private static Checkpoint last(Path run) {
    return Checkpoint.load(run.resolve("last.safetensors"));
  }

  @ParameterizedTest
  @EnumSource
  void isTheSameInProgramsAndOnTheCommandLine(Recipe recipe) throws IOException {
    Checkpoint typed = last(train("--quiet --seed 5 --recipe " + Converters.lower(recipe)));
    List<Checkpoint> called = new ArrayList<>();
    try (LeNet net = recipe.network(TRAIN).device(Device.java()).seed(5).build()) {
      recipe.trainer().seed(5).onCheckpoint(called::add).fit(net, TRAIN, TEST);
    }
    Checkpoint end = called.get(called.size() - 1);
    assertThat(typed.settings()).isEqualTo(end.settings());
    assertThat(typed.state().parameters()).isEqualTo(end.state().parameters());
  }

  @Test
  void leavesTheLastWordToOtherOptions() throws IOException {
    Path run =
        train(
            "--quiet --recipe modern --epochs 2 --no-nesterov --augment shift=3 --pooling avg"
                + " --standardize none");
    Map<String, String> settings = last(run).settings();
    assertThat(settings)
        .containsEntry("epochs", "2")
        .containsEntry("batch size", "128")
        .containsEntry(
            "network",
            EngineConfig.CLASSIC
                .withClasses(3)
                .withVariant(Activation.RELU, Pooling.AVG)
                .withMomentum(0.9f, false)
                .withWeightDecay(5e-4f)
                .withLabelSmoothing(0.05f)
                .withAugmentation(false, 3, 0)
                .toString());
  }

  @Test
  void dropsTheRateAsAProgramDoes() throws IOException {
    Path run = train("--quiet --epochs 8 --schedule step --step-size 1 --gamma 0.1");
    Schedule schedule = Schedule.step(1, 0.1);
    assertThat(last(run).history())
        .hasSize(8)
        .allSatisfy(
            epoch ->
                assertThat((float) epoch.learningRate())
                    .isEqualTo((float) (0.9f * schedule.factor(epoch.number() - 0.5, 8))));
  }

  @Test
  void takesThePixelsOfAStandardisedNetworkAsTheyAreWhenAsked() throws IOException {
    Path model = directory.resolve("standardised.safetensors");
    try (LeNet net =
        LeNet.builder().device(Device.java()).classes(3).standardize(0.25, 0.5).build()) {
      net.save(model);
    }
    EngineConfig kept = last(train("--quiet --epochs 1 --init " + model)).config();
    assertThat(kept.inputOffset()).isEqualTo(-0.5f);
    EngineConfig none =
        last(train("--quiet --epochs 1 --standardize none --init " + model)).config();
    assertThat(none).isEqualTo(EngineConfig.CLASSIC.withClasses(3));
  }

  @Test
  void isRecordedWithAllThatItSets() throws IOException {
    Path run = train("--quiet --recipe modern --epochs 1 --no-nesterov");
    Map<?, ?> config = (Map<?, ?>) Json.parse(Files.readString(run.resolve("config.json")));
    Map<?, ?> options = (Map<?, ?>) config.get("options");
    assertThat(options.get("--recipe")).isEqualTo("modern");
    assertThat(options.get("--epochs")).isEqualTo("1");
    assertThat(options.get("--lr")).isEqualTo("0.08");
    assertThat(options.get("--augment")).isEqualTo("flip,shift");
    assertThat(options.get("--standardize")).isEqualTo("data");
    assertThat(options.get("--nesterov")).isEqualTo(false);
    assertThat(options.get("--activation")).isEqualTo("relu");
  }

  @Test
  void resumesWithWhatWasRecorded() throws IOException {
    Path run = train("--quiet --recipe modern --epochs 3 --no-nesterov");
    Checkpoint whole = last(run);
    Files.copy(run.resolve("best.safetensors"), run.resolve("last.safetensors"), REPLACE_EXISTING);
    assertThat(execute(Stream.of("train", "--quiet", "--resume", run.toString()))).isZero();
    assertThat(last(run).state().parameters()).isEqualTo(whole.state().parameters());
  }

  @Test
  void leavesANetworkFromAFileAsItIs() throws IOException {
    Path model = directory.resolve("tanh.safetensors");
    try (LeNet net =
        LeNet.builder().device(Device.java()).classes(3).activation(Activation.TANH).build()) {
      net.save(model);
    }
    Path run = train("--quiet --recipe modern --epochs 1 --init " + model);
    EngineConfig config = last(run).config();
    assertThat(config.activation()).isEqualTo(Activation.TANH);
    assertThat(config.pooling()).isEqualTo(Pooling.AVG);
    assertThat(config.inputOffset()).isZero();
    assertThat(last(run).settings().get("batch size")).isEqualTo("128");
  }
}
