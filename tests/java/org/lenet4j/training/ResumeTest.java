package org.lenet4j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lenet4j.LeNetException;
import org.lenet4j.data.Dataset;
import org.lenet4j.engine.Activation;
import org.lenet4j.engine.Device;
import org.lenet4j.engine.Examples;
import org.lenet4j.io.Safetensors;
import org.lenet4j.training.Training.Outcome;

/** A training that goes on from any of its checkpoints ends with the same bits. */
class ResumeTest {
  private static final Trainer TRAINER =
      Trainer.classic()
          .epochs(3)
          .batchSize(4)
          .learningRate(0.02)
          .momentum(0.9)
          .nesterov(true)
          .weightDecay(1e-4)
          .labelSmoothing(0.05)
          .randomFlip(true)
          .randomShift(2)
          .schedule(Schedule.oneCycle())
          .validationSplit(0.2)
          .seed(5);

  @TempDir private Path directory;

  private final Dataset train = Examples.bars(43, 3);
  private final Dataset test = Examples.bars(10, 3);

  private static LeNet net(Device device) {
    return LeNet.builder().device(device).classes(3).activation(Activation.TANH).seed(1).build();
  }

  private static List<String> devices() {
    return Boolean.getBoolean("lenet4j.tests.cuda") ? List.of("cuda") : List.of("java", "cpu");
  }

  @ParameterizedTest
  @MethodSource("devices")
  void endsWithTheSameBits(String name) {
    Device device = Device.parse(name);
    List<Path> files = new ArrayList<>();
    Training whole;
    float[] parameters;
    try (LeNet net = net(device)) {
      whole =
          TRAINER
              .checkpointEvery(4)
              .onCheckpoint(
                  checkpoint -> {
                    Path file = directory.resolve("c" + files.size() + ".safetensors");
                    checkpoint.save(file);
                    files.add(file);
                  })
              .fit(net, train, test);
      parameters = net.parameters();
    }
    assertThat(files).hasSize(9);
    for (Path file : files) {
      try (LeNet net = net(device)) {
        Training resumed = TRAINER.resume(net, train, test, Checkpoint.load(file));
        assertThat(net.parameters()).as(file.toString()).isEqualTo(parameters);
        assertThat(resumed.outcome()).isEqualTo(Outcome.COMPLETE);
        assertThat(resumed.curve()).isEqualTo(whole.curve());
        assertThat(resumed.history().stream().map(ResumeTest::withoutTimes))
            .isEqualTo(whole.history().stream().map(ResumeTest::withoutTimes).toList());
      }
    }
  }

  private static List<Double> withoutTimes(Epoch epoch) {
    return List.of(
        (double) epoch.number(),
        epoch.learningRate(),
        epoch.loss(),
        epoch.trainAccuracy(),
        epoch.validationLoss(),
        epoch.validationAccuracy(),
        epoch.testLoss(),
        epoch.testAccuracy(),
        (double) epoch.examples());
  }

  private Path stoppedAfter(int steps) {
    Path file = directory.resolve("stopped.safetensors");
    int[] done = {0};
    try (LeNet net = net(Device.java())) {
      Training run =
          TRAINER
              .onProgress(progress -> done[0]++)
              .stopWhen(() -> done[0] == steps)
              .onCheckpoint(checkpoint -> checkpoint.save(file))
              .fit(net, train, test);
      assertThat(run.outcome()).isEqualTo(Outcome.STOPPED);
    }
    return file;
  }

  @Test
  void savesWhereItWasStopped() {
    Checkpoint checkpoint = Checkpoint.load(stoppedAfter(3));
    assertThat(checkpoint.state().position()).isEqualTo(3);
    assertThat(checkpoint.history()).isEmpty();
    assertThat(checkpoint.state().metrics().count() + checkpoint.sums().count()).isEqualTo(12);
    assertThat(checkpoint.stepNanos()).isPositive();
  }

  @Test
  void isAModelToo() {
    Path file = stoppedAfter(2);
    try (LeNet net = LeNet.builder().device(Device.java()).load(file)) {
      assertThat(net.parameters()).isEqualTo(Checkpoint.load(file).state().parameters());
    }
    Path model = directory.resolve("model.safetensors");
    try (LeNet net = net(Device.java())) {
      net.save(model);
    }
    assertThatThrownBy(() -> Checkpoint.load(model))
        .isInstanceOf(LeNetException.class)
        .hasMessageContaining("holds a model but no checkpoint")
        .hasMessageEndingWith("; begin a new one from its weights with --init");
  }

  @Test
  void refusesAnotherTraining() {
    Checkpoint checkpoint = Checkpoint.load(stoppedAfter(2));
    Map<String, UnaryOperator<Trainer>> changes =
        Map.of(
            "epochs 3, not 4: ", trainer -> trainer.epochs(4),
            "batch size 4, not 5: ", trainer -> trainer.batchSize(5),
            "learning rate 0.02, not 0.5: ", trainer -> trainer.learningRate(0.5),
            "schedule (sampled) [", trainer -> trainer.schedule(Schedule.cosine()),
            "seed 5, not 6: ", trainer -> trainer.seed(6),
            "shuffle true, not false: ", trainer -> trainer.shuffle(false),
            "network ", trainer -> trainer.weightDecay(0),
            "interval of curve points 0, not 2: ", trainer -> trainer.pointEvery(2),
            "network EngineConfig", trainer -> trainer.randomShift(1),
            "validation split 0.2, not 0.5: ", trainer -> trainer.validationSplit(0.5));
    changes.forEach(
        (message, change) -> {
          try (LeNet net = net(Device.java())) {
            assertThatThrownBy(() -> change.apply(TRAINER).resume(net, train, test, checkpoint))
                .isInstanceOf(LeNetException.class)
                .hasMessageStartingWith("the checkpoint is of another training, with " + message)
                .hasMessageEndingWith("resume with the settings that it was made with");
          }
        });
    try (LeNet net = net(Device.java());
        Dataset less = train.take(40)) {
      assertThatThrownBy(() -> TRAINER.resume(net, less, test, checkpoint))
          .hasMessageContaining("with examples 43, not 40");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "setting: seed, '5\u009b[2J\n', 'seed 5?[2J?, not 5: '",
    "setting: seed, , 'seed unknown, not 5: '"
  })
  void quotesAFileWithoutItsControlCharacters(String key, String value, String message) {
    Path file = stoppedAfter(2);
    change(file, key, value);
    try (LeNet net = net(Device.java())) {
      assertThatThrownBy(() -> TRAINER.resume(net, train, test, Checkpoint.load(file)))
          .isInstanceOf(LeNetException.class)
          .hasMessageContaining("another training, with " + message);
    }
  }

  /** Takes an entry out of the metadata if the value is null. */
  private static void change(Path file, String key, String value) {
    Safetensors content = Safetensors.read(file);
    Map<String, String> metadata = new HashMap<>(content.metadata());
    assertThat(metadata).containsKey(key);
    if (value == null) {
      metadata.remove(key);
    } else {
      metadata.put(key, value);
    }
    new Safetensors(content.tensors(), metadata).write(file);
  }

  @ParameterizedTest
  @ValueSource(strings = {"9", "2147483647", "-1"})
  void refusesAStepBeyondTheEpoch(String step) {
    Path file = stoppedAfter(2);
    change(file, "step", step);
    try (LeNet net = net(Device.java())) {
      assertThatThrownBy(() -> TRAINER.resume(net, train, test, Checkpoint.load(file)))
          .isInstanceOf(LeNetException.class)
          .hasMessageStartingWith(
              "the checkpoint is damaged: it is " + step + " steps into epoch 1, which has 9;");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"step", "step_nanos", "epoch_sums", "step_sums", "history"})
  void refusesMalformedMetadata(String key) {
    Path file = stoppedAfter(2);
    change(file, key, "[1, 2");
    assertThatThrownBy(() -> Checkpoint.load(file))
        .isInstanceOf(LeNetException.class)
        .hasMessage(
            file
                + " cannot be resumed from: its metadata lack a valid "
                + key
                + "; resume from another checkpoint, such as best.safetensors");
  }
}
