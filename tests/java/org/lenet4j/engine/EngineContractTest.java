package org.lenet4j.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.lenet4j.LeNetException;
import org.lenet4j.data.Dataset;

/** What an engine says to unusable calls; it must stay usable after each. */
class EngineContractTest {
  private static final EngineConfig CONFIG = EngineConfig.CLASSIC;
  private static final int SIZE = CONFIG.layout().size();
  private final Dataset data = Examples.dataset(5, 10);

  @AfterEach
  void closeData() {
    data.close();
  }

  private record Fault(
      String name, Class<? extends Exception> type, String message, Consumer<Engine> call) {}

  private List<Fault> faults() {
    Class<IllegalArgumentException> argument = IllegalArgumentException.class;
    return List.of(
        new Fault("null dataset", NullPointerException.class, "dataset", e -> e.addDataset(null)),
        new Fault("unknown dataset", argument, "no dataset 99", e -> e.evaluate(99)),
        new Fault("remove unknown dataset", argument, "no dataset -1", e -> e.removeDataset(-1)),
        new Fault("null plan", NullPointerException.class, "plan", e -> e.startEpoch(null)),
        new Fault("order outside", argument, "order[1] is 5", e -> e.startEpoch(plan(0, 5))),
        new Fault("order negative", argument, "order[0] is -1", e -> e.startEpoch(plan(-1, 0))),
        new Fault("run without epoch", IllegalStateException.class, "startEpoch", e -> e.run(1)),
        new Fault(
            "run too far",
            argument,
            "1 mini-batches left, 2 were asked for",
            e -> {
              e.startEpoch(plan(0, 1));
              e.run(2);
            }),
        new Fault(
            "run backwards",
            argument,
            "-1 were asked for",
            e -> {
              e.startEpoch(plan(0, 1));
              e.run(-1);
            }),
        new Fault(
            "run after its dataset went",
            IllegalStateException.class,
            "startEpoch",
            e -> {
              int id = e.addDataset(data);
              e.startEpoch(new EpochPlan(id, 0, new int[] {0}, 1, new float[] {1}));
              e.removeDataset(id);
              e.run(1);
            }),
        new Fault(
            "gradients of nothing",
            argument,
            "at least one example",
            e -> e.gradients(0, new int[0], new float[SIZE])),
        new Fault(
            "small gradient",
            argument,
            "must hold 61706 floats, was 3",
            e -> e.gradients(0, new int[] {0}, new float[3])),
        new Fault(
            "null gradient",
            NullPointerException.class,
            "gradient",
            e -> e.gradients(0, new int[] {0}, null)),
        new Fault("null layer", NullPointerException.class, "layer", e -> e.output(null, image())),
        new Fault("no image", argument, "multiple of 784", e -> e.predict(new byte[0])),
        new Fault("half an image", argument, "was 100", e -> e.predict(new byte[100])),
        new Fault("null image", NullPointerException.class, "images", e -> e.predict(null)),
        new Fault(
            "few parameters",
            argument,
            "must hold 61706 floats, was 1",
            e -> e.setParameters(new float[1])),
        new Fault("null state", NullPointerException.class, "state", e -> e.restore(null)),
        new Fault(
            "state beyond the epoch",
            argument,
            "call startEpoch with that epoch's plan first",
            e -> e.restore(new EngineState(new float[SIZE], new float[SIZE], 7, Metrics.ZERO))));
  }

  private static EpochPlan plan(int... order) {
    return new EpochPlan(0, 0, order, order.length, new float[] {0.1f});
  }

  private static byte[] image() {
    return Examples.image(0);
  }

  @TestFactory
  List<DynamicTest> unusableCallsAreRefused() {
    List<DynamicTest> tests = new ArrayList<>();
    for (EngineUnderTest underTest : EngineUnderTest.all()) {
      for (Fault fault : faults()) {
        tests.add(
            DynamicTest.dynamicTest(
                underTest + ": " + fault.name(), () -> checkFault(underTest, fault)));
      }
    }
    return tests;
  }

  private void checkFault(EngineUnderTest underTest, Fault fault) {
    try (Dataset examples = Examples.dataset(5, 10);
        Engine engine = underTest.open(CONFIG)) {
      engine.addDataset(examples);
      assertThatThrownBy(() -> fault.call().accept(engine))
          .isInstanceOf(fault.type())
          .hasMessageContaining(fault.message());
      assertThat(engine.evaluate(0).count()).isEqualTo(5);
    }
  }

  @Test
  void anEpochThatDoesNotStartLeavesNone() {
    class FailingEngine extends JavaEngine {
      boolean fails;

      FailingEngine() {
        super(CONFIG);
      }

      @Override
      void doStartEpoch(EpochPlan plan) {
        if (fails) {
          throw new LeNetException("the device fails");
        }
        super.doStartEpoch(plan);
      }
    }

    try (FailingEngine engine = new FailingEngine()) {
      engine.addDataset(data);
      engine.startEpoch(plan(0, 1));
      engine.fails = true;
      assertThatThrownBy(() -> engine.startEpoch(plan(2, 3))).hasMessage("the device fails");
      assertThat(engine.position()).isZero();
      assertThatThrownBy(() -> engine.run(1))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("startEpoch");
    }
  }

  @ParameterizedTest
  @MethodSource("org.lenet4j.engine.EngineUnderTest#all")
  void labelsMustFitTheClasses(EngineUnderTest underTest) {
    try (Dataset labels = Dataset.of(new byte[2 * Dataset.PIXELS], new int[] {0, 3});
        Engine engine = underTest.open(CONFIG.withClasses(3))) {
      assertThatThrownBy(() -> engine.addDataset(labels))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("labels up to 3")
          .hasMessageContaining("3 classes");
    }
  }

  @ParameterizedTest
  @MethodSource("org.lenet4j.engine.EngineUnderTest#all")
  void everyCallAfterCloseIsRefused(EngineUnderTest underTest) {
    Engine engine = underTest.open(CONFIG);
    engine.close();
    engine.close();
    List<Consumer<Engine>> calls =
        List.of(
            e -> e.addDataset(data),
            e -> e.removeDataset(0),
            e -> e.startEpoch(plan(0)),
            e -> e.run(1),
            Engine::position,
            Engine::takeMetrics,
            e -> e.evaluate(0),
            e -> e.gradients(0, new int[] {0}, new float[SIZE]),
            e -> e.output(Layer.FC3, image()),
            e -> e.predict(image()),
            Engine::parameters,
            e -> e.setParameters(new float[SIZE]),
            Engine::state,
            e -> e.restore(new EngineState(new float[SIZE], new float[SIZE], 0, Metrics.ZERO)));
    for (Consumer<Engine> call : calls) {
      assertThatThrownBy(() -> call.accept(engine))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("is closed");
    }
    assertThat(engine.config()).isEqualTo(CONFIG);
    assertThat(engine.description()).startsWith(engine.device());
  }

  @ParameterizedTest
  @MethodSource("org.lenet4j.engine.EngineUnderTest#natives")
  void closeWaitsForARunningStep(EngineUnderTest underTest) throws Exception {
    boolean isCuda = !underTest.device().equals(Device.cpu()); // Slow where it is emulated.
    int rounds = isCuda ? 1 : 20;
    int batch = isCuda ? 32 : 500;
    for (int round = 0; round < rounds; round++) {
      Engine engine = underTest.open(CONFIG, 2);
      engine.addDataset(data);
      CountDownLatch started = new CountDownLatch(1);
      AtomicReference<Throwable> failure = new AtomicReference<>();
      Thread trainer =
          new Thread(
              () -> {
                try {
                  for (int epoch = 0; ; epoch++) {
                    engine.startEpoch(
                        new EpochPlan(0, epoch, new int[batch], batch, new float[] {0.1f}));
                    engine.run(1);
                    started.countDown();
                  }
                } catch (Throwable t) {
                  failure.set(t);
                }
              });
      trainer.start();
      started.await();
      engine.close();
      trainer.join();
      assertThat(failure.get())
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("is closed");
    }
  }

  @Test
  void unknownInstructionSetIsRefused() {
    assertThatThrownBy(
            () ->
                Engines.open(Device.cpu(), CONFIG, EngineOptions.DEFAULT.withInstructionSet("mmx")))
        .isInstanceOf(LeNetException.class)
        .hasMessageContaining("unknown instruction set 'mmx'")
        .hasMessageContaining("it can run:");
  }

  @Test
  @DisabledIfSystemProperty(named = "lenet4j.tests.cuda", matches = "true")
  void missingCudaIsSaidPlainly() {
    assertThatThrownBy(() -> Engines.open(Device.cuda(0), CONFIG, EngineOptions.DEFAULT))
        .isInstanceOf(LeNetException.class)
        .hasMessageContaining("cuda:0")
        .hasMessageContaining("--device cpu");
  }

  @Test
  void autoTakesTheNativeEngine() {
    try (Engine engine = Engines.open(Device.auto(), CONFIG, EngineOptions.DEFAULT)) {
      assertThat(engine.device()).isEqualTo("cpu");
      int threads = NativeEngine.threads(0);
      assertThat(engine.description())
          .isEqualTo(
              "cpu (%d thread%s, %s)"
                  .formatted(threads, threads == 1 ? "" : "s", NativeEngine.instructionSets()[0]));
    }
  }
}
