package org.lenet4j.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.lenet4j.data.Dataset;

/**
 * Every native engine against the reference, over one table of cases. To add a case, add a row to
 * {@link #cases}.
 */
class ParityTest {
  private static final int[] BATCHES = {1, 2, 15, 16, 17, 96, 256};
  private static final EngineConfig CLASSIC = EngineConfig.CLASSIC;
  private static final float RATE = 0.1f;
  private static final int STEPS = 10;

  /** A network, and the sizes of mini-batches to try it with. */
  private record Case(String name, EngineConfig config, int... batches) {}

  private static List<Case> cases() {
    List<Case> cases = new ArrayList<>();
    for (Activation activation : Activation.values()) {
      for (Pooling pooling : Pooling.values()) {
        cases.add(
            new Case(
                activation + " " + pooling, CLASSIC.withVariant(activation, pooling), BATCHES));
      }
    }
    cases.add(
        new Case("offset", CLASSIC.withInput(1 / 255f / 0.353f, -0.286f / 0.353f), 1, 17, 96));
    for (int classes : new int[] {1, 2, 3, 11, 47, 1024}) {
      cases.add(new Case(classes + " classes", CLASSIC.withClasses(classes), 1, 17));
    }
    cases.add(new Case("momentum", CLASSIC.withMomentum(0.9f, false), 17));
    cases.add(
        new Case(
            "all of SGD",
            CLASSIC
                .withVariant(Activation.RELU, Pooling.MAX)
                .withMomentum(0.9f, true)
                .withWeightDecay(0.01f)
                .withLabelSmoothing(0.1f),
            17));
    // More examples than the cpu engine keeps activations for at a time.
    cases.add(new Case("large batch", CLASSIC, 1024 + 17));
    return cases;
  }

  @TestFactory
  List<DynamicNode> parity() {
    List<DynamicNode> tests = new ArrayList<>();
    for (Case c : cases()) {
      tests.add(
          DynamicTest.dynamicTest(
              c.name(),
              () -> {
                for (int batch : c.batches()) {
                  checkCase(c.config(), batch);
                }
              }));
    }
    return tests;
  }

  private static void checkCase(EngineConfig config, int batch) {
    float[] parameters = Examples.parameters(config);
    int[] images = Examples.smoothImages(config, parameters, batch);
    try (Dataset data = Examples.dataset(images, config.classes());
        Engine reference = new JavaEngine(config)) {
      List<Engine> natives = new ArrayList<>();
      for (EngineUnderTest engine : EngineUnderTest.natives()) {
        natives.add(engine.open(config));
      }
      try {
        reference.setParameters(parameters);
        int referenceData = reference.addDataset(data);
        for (Engine engine : natives) {
          engine.setParameters(parameters);
          assertThat(engine.addDataset(data)).isEqualTo(referenceData);
        }
        String what = "batch " + batch + ", ";
        checkLayers(what, reference, natives, Arrays.copyOf(images, Math.min(batch, 17)));
        checkGradient(what, reference, natives, referenceData, batch);
        checkEvaluation(what, reference, natives, referenceData);
        if (batch <= 96) {
          checkSteps(what, reference, natives, referenceData, batch);
        }
      } finally {
        natives.forEach(Engine::close);
      }
    }
  }

  private static void checkLayers(
      String what, Engine reference, List<Engine> natives, int[] images) {
    byte[] pixels = Examples.images(images);
    for (Layer layer : Layer.values()) {
      float[] expected = reference.output(layer, pixels);
      for (Engine engine : natives) {
        Closeness.check(
            what + engine.description() + ", " + layer,
            engine.output(layer, pixels),
            expected,
            Closeness.FORWARD_CHAIN);
      }
    }
    float[] expected = reference.predict(pixels);
    for (Engine engine : natives) {
      Closeness.check(
          what + engine.description() + ", probabilities",
          engine.predict(pixels),
          expected,
          Closeness.FORWARD_CHAIN);
    }
  }

  private static void checkGradient(
      String what, Engine reference, List<Engine> natives, int data, int batch) {
    ParameterLayout layout = reference.config().layout();
    int[] indices = IntStream.range(0, batch).toArray();
    float[] expected = new float[layout.size()];
    double expectedLoss = reference.gradients(data, indices, expected);
    for (Engine engine : natives) {
      float[] actual = new float[layout.size()];
      double loss = engine.gradients(data, indices, actual);
      assertThat(loss)
          .as(what + engine.description() + ", loss")
          .isCloseTo(
              expectedLoss,
              within(Closeness.EPSILON * Closeness.FORWARD_CHAIN * (1 + expectedLoss)));
      Closeness.checkArena(
          what + engine.description() + ", gradient of",
          layout,
          actual,
          expected,
          Closeness.BACKWARD_CHAIN,
          0);
    }
  }

  private static void checkEvaluation(
      String what, Engine reference, List<Engine> natives, int data) {
    Metrics expected = reference.evaluate(data);
    for (Engine engine : natives) {
      Metrics actual = engine.evaluate(data);
      assertThat(actual.count()).isEqualTo(expected.count());
      // Smooth images have no two equally likely classes.
      assertThat(actual.correct()).as(what + engine.description()).isEqualTo(expected.correct());
      assertThat(actual.lossSum())
          .as(what + engine.description() + ", sum of losses")
          .isCloseTo(
              expected.lossSum(),
              within(
                  Closeness.EPSILON
                      * Closeness.FORWARD_CHAIN
                      * (expected.count() + expected.lossSum())));
    }
  }

  /**
   * Ten steps, each on images that are smooth for the parameters of that step; what the gradients
   * are off by adds up in the parameters.
   */
  private static void checkSteps(
      String what, Engine reference, List<Engine> natives, int data, int batch) {
    EngineConfig config = reference.config();
    float[] gradient = new float[config.layout().size()];
    reference.gradients(data, IntStream.range(0, batch).toArray(), gradient);
    double largestGradient = 0;
    for (float g : gradient) {
      largestGradient = Math.max(largestGradient, Math.abs(g));
    }
    for (int step = 0; step < STEPS; step++) {
      int[] images = Examples.smoothImages(config, reference.parameters(), batch);
      try (Dataset stepData = Examples.dataset(images, config.classes())) {
        train(reference, stepData, step);
        for (Engine engine : natives) {
          train(engine, stepData, step);
        }
      }
    }
    float[] expected = reference.parameters();
    Metrics expectedMetrics = reference.takeMetrics();
    // With momentum 0.9 the steps are up to ten times as long.
    double reach = RATE * STEPS / (1 - config.momentum());
    double slack = Closeness.EPSILON * Closeness.BACKWARD_CHAIN * reach * largestGradient;
    for (Engine engine : natives) {
      Closeness.checkArena(
          what + engine.description() + ", after " + STEPS + " steps",
          config.layout(),
          engine.parameters(),
          expected,
          2 * STEPS,
          slack);
      Metrics metrics = engine.takeMetrics();
      assertThat(metrics.count()).isEqualTo(expectedMetrics.count());
      assertThat(metrics.correct()).isEqualTo(expectedMetrics.correct());
      Closeness.checkLoss("mean loss", metrics.loss(), expectedMetrics.loss());
      assertThat(engine.takeMetrics()).isEqualTo(Metrics.ZERO);
    }
  }

  private static void train(Engine engine, Dataset data, int epoch) {
    int id = engine.addDataset(data);
    int batch = data.size();
    engine.startEpoch(
        new EpochPlan(id, epoch, IntStream.range(0, batch).toArray(), batch, new float[] {RATE}));
    engine.run(1);
    assertThat(engine.position()).isEqualTo(1);
    engine.removeDataset(id);
  }
}
