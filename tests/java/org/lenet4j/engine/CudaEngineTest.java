package org.lenet4j.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledIfEnvironmentVariable;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lenet4j.data.Dataset;
import org.lenet4j.data.FashionMnist;

/**
 * What is particular to the cuda engine, on the emulated CUDA libraries (profile gpu) or, in
 * bench/gpu-check, on a GPU. That graphs and devices do not matter to the bits is seen in
 * tests/cuda/engine.
 */
@EnabledIfSystemProperty(named = "lenet4j.tests.cuda", matches = "true")
class CudaEngineTest {
  private static final int STEPS = 300;
  private static final int BATCH = 32;

  @Test
  @EnabledIfEnvironmentVariable(named = "LENET_EMU_KERNELS", matches = ".+")
  void saysThatItIsEmulated() {
    try (Engine engine =
        Engines.open(Device.cuda(0), EngineConfig.CLASSIC, EngineOptions.DEFAULT)) {
      assertThat(engine.device()).isEqualTo("cuda:0 [EMULATED on CPU]");
    }
  }

  @Test
  @EnabledIfEnvironmentVariable(named = "LENET_EMU_KERNELS", matches = ".+")
  void autoNeverTakesTheEmulation() {
    try (Engine engine = Engines.open(Device.auto(), EngineConfig.CLASSIC, EngineOptions.DEFAULT)) {
      assertThat(engine.device()).isEqualTo("cpu");
    }
  }

  /** A user who asks for nothing gets the GPU, if there is one. */
  @Test
  @DisabledIfEnvironmentVariable(named = "LENET_EMU_KERNELS", matches = ".+")
  void autoTakesTheGpu() {
    try (Engine engine = Engines.open(Device.auto(), EngineConfig.CLASSIC, EngineOptions.DEFAULT)) {
      assertThat(engine.device()).isEqualTo("cuda:0");
    }
  }

  /**
   * The classic network stays on its plateau for so long; with tanh it learns. Every step may be
   * off by no more than a first one: without kinks training does not amplify rounding errors. The
   * last bit of each initial weight, changed at random, moves none of the losses by more than 2e-7.
   */
  @ParameterizedTest
  @CsvSource({"SIGMOID, 0.9, 2.4", "TANH, 0.1, 0.9"})
  void followsTheReferenceOverRealImages(Activation activation, float rate, double finalLoss) {
    EngineConfig config = EngineConfig.CLASSIC.withVariant(activation, Pooling.AVG);
    FashionMnist.Options options = FashionMnist.Options.defaults().withOffline(true);
    double tail = 0;
    try (Dataset all = FashionMnist.train(options);
        Dataset data = all.take(STEPS * BATCH);
        Engine cuda = Engines.open(Device.cuda(0), config, EngineOptions.DEFAULT);
        Engine reference = new JavaEngine(config)) {
      float[] rates = new float[STEPS];
      Arrays.fill(rates, rate);
      for (Engine engine : new Engine[] {cuda, reference}) {
        engine.setParameters(Examples.parameters(config));
        int id = engine.addDataset(data);
        engine.startEpoch(
            new EpochPlan(id, 0, CounterRandom.permutation(data.size(), 1, 0), BATCH, rates));
      }
      for (int step = 0; step < STEPS; step++) {
        cuda.run(1);
        reference.run(1);
        Metrics expected = reference.takeMetrics();
        Closeness.checkLoss("step " + step, cuda.takeMetrics().loss(), expected.loss());
        tail += step < STEPS - 50 ? 0 : expected.loss() / 50;
      }
    }
    assertThat(tail).isLessThan(finalLoss);
  }
}
