package org.lenet4j.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.lenet4j.data.Dataset;

/** Any number of images, as few take another path through an engine than many. */
class PredictTest {
  private static final int MOST = 40;

  @ParameterizedTest
  @MethodSource("org.lenet4j.engine.EngineUnderTest#natives")
  void anyNumberOfImagesAsTheReference(EngineUnderTest tested) {
    EngineConfig config = EngineConfig.CLASSIC;
    byte[] images = Examples.images(IntStream.range(0, MOST).toArray());
    float[] parameters = Examples.parameters(config);
    try (Engine engine = tested.open(config);
        Engine reference = new JavaEngine(config)) {
      engine.setParameters(parameters);
      reference.setParameters(parameters);
      float[] expected = reference.predict(images);
      for (int count = 1; count <= MOST; count++) {
        byte[] some = Arrays.copyOf(images, count * Dataset.PIXELS);
        float[] actual = engine.predict(some);
        Closeness.check(
            count + " images",
            actual,
            Arrays.copyOf(expected, count * config.classes()),
            Closeness.FORWARD_CHAIN);
        assertThat(engine.predict(some)).as(count + " images again").isEqualTo(actual);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("org.lenet4j.engine.EngineUnderTest#natives")
  void oneImageFollowsTheParameters(EngineUnderTest tested) {
    EngineConfig config = EngineConfig.CLASSIC;
    byte[] image = Examples.image(0);
    try (Engine engine = tested.open(config);
        Engine reference = new JavaEngine(config);
        Dataset data = Examples.dataset(32, config.classes())) {
      engine.setParameters(Examples.parameters(config));
      float[] before = engine.predict(image);
      int id = engine.addDataset(data);
      int[] order = IntStream.range(0, 32).toArray();
      engine.startEpoch(new EpochPlan(id, 0, order, 16, new float[] {0.9f, 0.9f}));
      engine.run(2);
      reference.setParameters(engine.parameters());
      float[] after = engine.predict(image);
      assertThat(after).isNotEqualTo(before);
      Closeness.check("after training", after, reference.predict(image), Closeness.FORWARD_CHAIN);
      engine.setParameters(Examples.parameters(config));
      assertThat(engine.predict(image)).isEqualTo(before);
    }
  }
}
