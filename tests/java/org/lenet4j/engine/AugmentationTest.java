package org.lenet4j.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.lenet4j.data.Dataset;

class AugmentationTest {
  private static final int EXAMPLES = 40;
  private static final int BATCH = 17;
  private static final int EPOCH = 3;
  private static final int SHIFT = 2;
  private static final long SEED = 11;

  /** The same figures stand in augmentation_test.cpp; they were made by a program in Python. */
  @ParameterizedTest
  @CsvSource({
    "0, true, 3, 0",
    "1, true, -3, 0",
    "2, true, -1, 0",
    "3, false, 0, 3",
    "255, false, -1, 0",
    "59999, true, 2, -1"
  })
  void drawsTheSameAsNativeCode(int position, boolean mirrored, int dy, int dx) {
    byte[] image = Examples.image(0);
    byte[] out = new byte[Dataset.PIXELS];
    new Augmentation(true, 3, -7).apply(image, 0, 5, position, out);
    assertThat(out).isEqualTo(changed(image, mirrored, dy, dx));
  }

  /** Training with augmentation is training on the images that this test has changed itself. */
  @ParameterizedTest
  @MethodSource("org.lenet4j.engine.EngineUnderTest#all")
  void trainsOnTheChangedImages(EngineUnderTest underTest) {
    for (boolean flip : new boolean[] {true, false}) {
      for (int shift : new int[] {0, SHIFT}) {
        // An offset tells pixels from outside the image, which are black, from the padding.
        EngineConfig plain =
            EngineConfig.CLASSIC.withInput(1 / 90f, -0.8f).withMomentum(0.9f, true);
        EngineConfig augmented = plain.withAugmentation(flip, shift, SEED);
        int[] order = CounterRandom.permutation(EXAMPLES, 1, EPOCH);
        byte[] pixels = new byte[EXAMPLES * Dataset.PIXELS];
        int[] labels = new int[EXAMPLES];
        for (int i = 0; i < EXAMPLES; i++) {
          long bits = CounterRandom.bits(SEED, CounterRandom.Stream.AUGMENT, EPOCH, i);
          byte[] image =
              changed(
                  Examples.image(order[i]),
                  flip && (bits & 1) == 1,
                  draw(bits, 16, shift),
                  draw(bits, 32, shift));
          System.arraycopy(image, 0, pixels, i * Dataset.PIXELS, Dataset.PIXELS);
          labels[i] = Examples.label(order[i], 10);
        }
        try (Dataset originals = Examples.dataset(EXAMPLES, 10);
            Dataset changed = Dataset.of(pixels, labels)) {
          float[] expected = train(underTest, plain, changed, IntStream.range(0, EXAMPLES));
          float[] actual = train(underTest, augmented, originals, Arrays.stream(order));
          assertThat(actual).as("flip %s, shift %d", flip, shift).isEqualTo(expected);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("org.lenet4j.engine.EngineUnderTest#all")
  void leavesAllButTrainingAlone(EngineUnderTest underTest) {
    EngineConfig plain = EngineConfig.CLASSIC;
    try (Dataset data = Examples.dataset(EXAMPLES, 10);
        Engine engine = underTest.open(plain.withAugmentation(true, SHIFT, SEED));
        Engine other = underTest.open(plain)) {
      float[] gradient = new float[plain.layout().size()];
      float[] expected = new float[plain.layout().size()];
      for (Engine e : new Engine[] {engine, other}) {
        e.setParameters(Examples.parameters(plain));
        int id = e.addDataset(data);
        e.startEpoch(
            new EpochPlan(
                id, 0, IntStream.range(0, EXAMPLES).toArray(), EXAMPLES, new float[] {0.1f}));
        e.gradients(id, new int[] {3, 1, 4}, e == engine ? gradient : expected);
      }
      assertThat(gradient).isEqualTo(expected);
      assertThat(engine.evaluate(0)).isEqualTo(other.evaluate(0));
      assertThat(engine.predict(Examples.image(5))).isEqualTo(other.predict(Examples.image(5)));
    }
  }

  @Test
  void withoutAugmentationImagesStayAsTheyAre() {
    byte[] out = new byte[Dataset.PIXELS];
    new Augmentation(false, 0, 1).apply(Examples.image(0), 0, 0, 0, out);
    assertThat(out).isEqualTo(Examples.image(0));
  }

  private static float[] train(
      EngineUnderTest underTest, EngineConfig config, Dataset data, IntStream order) {
    float[] rates = new float[EpochPlan.batches(EXAMPLES, BATCH)];
    Arrays.fill(rates, 0.05f);
    try (Engine engine = underTest.open(config)) {
      engine.setParameters(Examples.parameters(config));
      int id = engine.addDataset(data);
      engine.startEpoch(new EpochPlan(id, EPOCH, order.toArray(), BATCH, rates));
      engine.run(rates.length);
      return engine.parameters();
    }
  }

  private static int draw(long bits, int from, int shift) {
    return (int) ((((bits >>> from) & 0xffff) * (2 * shift + 1)) >> 16) - shift;
  }

  /** The image mirrored, then moved pixel by pixel; what falls outside is lost. */
  private static byte[] changed(byte[] image, boolean mirrored, int dy, int dx) {
    byte[] out = new byte[Dataset.PIXELS];
    for (int y = 0; y < 28; y++) {
      for (int x = 0; x < 28; x++) {
        int toY = y + dy;
        int toX = (mirrored ? 27 - x : x) + dx;
        if (toY >= 0 && toY < 28 && toX >= 0 && toX < 28) {
          out[toY * 28 + toX] = image[y * 28 + x];
        }
      }
    }
    return out;
  }
}
