package org.lenet4j.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.lenet4j.data.Dataset;

/** The same bits again, for any number of threads, and after a restore. */
class ReproducibilityTest {
  private static final int STEPS = 50;
  private static final int EXAMPLES = 256 * 5 - 160;

  @ParameterizedTest
  @MethodSource("org.lenet4j.engine.EngineUnderTest#natives")
  void bitsDoNotDependOnTheRunOrTheThreads(EngineUnderTest engine) {
    EngineState once = train(engine, 1);
    boolean isCpu = engine.device().equals(Device.cpu()); // No other has threads.
    for (int threads : isCpu ? new int[] {1, 2, 3, 5, 8} : new int[] {1}) {
      assertSame("with %d threads".formatted(threads), train(engine, threads), once);
    }
  }

  @ParameterizedTest
  @MethodSource("org.lenet4j.engine.EngineUnderTest#all")
  void restoredEngineContinuesBitForBit(EngineUnderTest underTest) {
    EngineConfig config = EngineConfig.CLASSIC.withMomentum(0.5f, true);
    try (Dataset data = Examples.dataset(40, 10);
        Engine whole = underTest.open(config, 2);
        Engine second = underTest.open(config, 3)) {
      EpochPlan plan = plan(whole.addDataset(data), 40, 7, 0);
      whole.setParameters(Examples.parameters(config));
      whole.startEpoch(plan);
      whole.run(2);
      EngineState middle = whole.state();
      assertThat(middle.position()).isEqualTo(2);
      whole.run(4);

      second.addDataset(data);
      second.startEpoch(plan);
      second.restore(middle);
      assertThat(second.position()).isEqualTo(2);
      second.run(4);
      assertSame("restored", second.state(), whole.state());
      assertThat(second.takeMetrics()).isEqualTo(whole.takeMetrics());
    }
  }

  private static EngineState train(EngineUnderTest underTest, int threads) {
    EngineConfig config = EngineConfig.CLASSIC.withMomentum(0.5f, false);
    try (Dataset data = Examples.dataset(EXAMPLES, 10);
        Engine engine = underTest.open(config, threads)) {
      engine.setParameters(Examples.parameters(config));
      int id = engine.addDataset(data);
      for (int step = 0, epoch = 0; step < STEPS; epoch++) {
        EpochPlan plan = plan(id, EXAMPLES, 256, epoch);
        engine.startEpoch(plan);
        engine.run(plan.batches());
        step += plan.batches();
      }
      return engine.state();
    }
  }

  private static EpochPlan plan(int dataset, int examples, int batchSize, int epoch) {
    float[] rates = new float[EpochPlan.batches(examples, batchSize)];
    Arrays.fill(rates, 0.5f);
    return new EpochPlan(
        dataset, epoch, CounterRandom.permutation(examples, 9, epoch), batchSize, rates);
  }

  private static void assertSame(String what, EngineState actual, EngineState expected) {
    assertThat(actual.parameters()).as(what).isEqualTo(expected.parameters());
    assertThat(actual.velocities()).as(what).isEqualTo(expected.velocities());
    assertThat(actual.metrics()).as(what).isEqualTo(expected.metrics());
  }
}
