package org.lenet4j.engine;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lenet4j.data.Dataset;

/**
 * How exact the native engines' gradients are, at the start of a training and in its course: the
 * largest error of every tensor, over its largest value, against the reference's doubles.
 */
class GradientAccuracyTest {
  /** The worst of all variants, instruction sets and tensors was 1.4e-6. */
  private static final double LARGEST_ERROR = 2e-6;

  private static final int EXAMPLES = 256;
  private static final int BATCH_SIZE = 32;
  private static final int EPOCHS = 20;

  @ParameterizedTest
  @CsvSource({
    "SIGMOID,AVG,0.9",
    "SIGMOID,MAX,0.9",
    "TANH,AVG,0.1",
    "TANH,MAX,0.1",
    "RELU,AVG,0.1",
    "RELU,MAX,0.1"
  })
  void errorIsSmall(Activation activation, Pooling pooling, float rate) {
    EngineConfig config = EngineConfig.CLASSIC.withVariant(activation, pooling);
    float[] initial = Examples.parameters(config);
    check("initial", config, initial);
    check("trained", config, train(config, initial, rate));
  }

  private static float[] train(EngineConfig config, float[] parameters, float rate) {
    try (Dataset data = Examples.bars(EXAMPLES, config.classes());
        Engine engine = Engines.open(Device.cpu(), config, EngineOptions.DEFAULT)) {
      engine.setParameters(parameters);
      int id = engine.addDataset(data);
      float[] rates = new float[EpochPlan.batches(EXAMPLES, BATCH_SIZE)];
      Arrays.fill(rates, rate);
      for (int epoch = 0; epoch < EPOCHS; epoch++) {
        int[] order = CounterRandom.permutation(EXAMPLES, 1, epoch);
        engine.startEpoch(new EpochPlan(id, epoch, order, BATCH_SIZE, rates));
        engine.run(rates.length);
      }
      return engine.parameters();
    }
  }

  private static void check(String what, EngineConfig config, float[] parameters) {
    int[] images = Examples.smoothImages(config, parameters, EXAMPLES);
    int[] batch = IntStream.range(0, EXAMPLES).toArray();
    try (Dataset data = Examples.dataset(images, config.classes());
        Engine reference = new JavaEngine(config)) {
      float[] expected = gradient(reference, parameters, data, batch);
      for (EngineUnderTest underTest : EngineUnderTest.natives()) {
        try (Engine engine = underTest.open(config)) {
          float[] actual = gradient(engine, parameters, data, batch);
          Closeness.checkArena(
              what + ", " + underTest + ", gradient of",
              config.layout(),
              actual,
              expected,
              LARGEST_ERROR / Closeness.EPSILON,
              0);
        }
      }
    }
  }

  private static float[] gradient(Engine engine, float[] parameters, Dataset data, int[] batch) {
    engine.setParameters(parameters);
    float[] gradient = new float[parameters.length];
    engine.gradients(engine.addDataset(data), batch, gradient);
    return gradient;
  }
}
