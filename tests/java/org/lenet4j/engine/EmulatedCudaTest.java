package org.lenet4j.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.lenet4j.data.Dataset;
import org.lenet4j.data.FashionMnist;

/** What is particular to the cuda engine, on the emulated CUDA libraries (profile gpu). */
@EnabledIfSystemProperty(named = "lenet4j.tests.cuda", matches = "true")
class EmulatedCudaTest {
  private static final EngineConfig CONFIG = EngineConfig.CLASSIC;

  @Test
  void saysThatItIsEmulated() {
    try (Engine engine = Engines.open(Device.cuda(0), CONFIG, EngineOptions.DEFAULT)) {
      assertThat(engine.device()).isEqualTo("cuda:0 [EMULATED on CPU]");
    }
  }

  @Test
  void autoNeverTakesIt() {
    try (Engine engine = Engines.open(Device.auto(), CONFIG, EngineOptions.DEFAULT)) {
      assertThat(engine.device()).isEqualTo("cpu");
    }
  }

  @Test
  void graphAndEagerStepsGiveTheSameBits() {
    assertThat(train(EngineOptions.DEFAULT, Device.cuda(0)))
        .isEqualTo(train(EngineOptions.DEFAULT.withCudaGraph(false), Device.cuda(0)));
  }

  @Test
  void theSecondDeviceGivesTheSameBits() {
    assertThat(train(EngineOptions.DEFAULT, Device.cuda(1)))
        .isEqualTo(train(EngineOptions.DEFAULT, Device.cuda(0)));
  }

  @Test
  void learnsRealImagesAsTheCpuEngineDoes() {
    int steps = 60;
    int batch = 64;
    FashionMnist.Options options = FashionMnist.Options.defaults().withOffline(true);
    try (Dataset all = FashionMnist.train(options);
        Dataset data = all.take(steps * batch);
        Engine cuda = Engines.open(Device.cuda(0), CONFIG, EngineOptions.DEFAULT);
        Engine cpu = Engines.open(Device.cpu(), CONFIG, EngineOptions.DEFAULT)) {
      float[] rates = new float[steps];
      Arrays.fill(rates, 0.9f);
      for (Engine engine : new Engine[] {cuda, cpu}) {
        engine.setParameters(Examples.parameters(CONFIG));
        int id = engine.addDataset(data);
        engine.startEpoch(
            new EpochPlan(id, 0, CounterRandom.permutation(data.size(), 1, 0), batch, rates));
      }
      for (int step = 0; step < steps; step++) {
        cuda.run(1);
        cpu.run(1);
        Closeness.checkLoss("step " + step, cuda.takeMetrics().loss(), cpu.takeMetrics().loss());
      }
    }
  }

  private static float[] train(EngineOptions options, Device device) {
    try (Dataset data = Examples.dataset(40, 10);
        Engine engine = Engines.open(device, CONFIG, options)) {
      engine.setParameters(Examples.parameters(CONFIG));
      int id = engine.addDataset(data);
      float[] rates = {0.1f, 0.2f, 0.3f};
      for (int epoch = 0; epoch < 2; epoch++) {
        engine.startEpoch(
            new EpochPlan(id, epoch, CounterRandom.permutation(40, 5, epoch), 17, rates));
        engine.run(3);
      }
      return engine.parameters();
    }
  }
}
