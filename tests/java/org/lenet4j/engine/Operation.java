package org.lenet4j.engine;

import java.util.Arrays;
import java.util.function.ToLongBiFunction;
import org.lenet4j.data.Dataset;

/**
 * A call of an engine with an argument out of a small range, which decides whether it is a sensible
 * one. Yields what of the result {@link ModelEngine} knows.
 */
enum Operation {
  ADD_DATASET((engine, n) -> engine.addDataset(Arguments.DATASETS[n])),
  REMOVE_DATASET((engine, n) -> act(() -> engine.removeDataset(n - 1))),
  START_EPOCH((engine, n) -> act(() -> engine.startEpoch(Arguments.plan(n)))),
  RUN((engine, n) -> act(() -> engine.run(n - 1))),
  RUN_ONE((engine, n) -> act(() -> engine.run(1))),
  POSITION((engine, n) -> engine.position()),
  TAKE_METRICS((engine, n) -> engine.takeMetrics().count()),
  EVALUATE((engine, n) -> engine.evaluate(n - 1).count()),
  GRADIENTS(
      (engine, n) ->
          act(() -> engine.gradients(n % 3, Arguments.INDICES[n], Arguments.gradient(n)))),
  OUTPUT((engine, n) -> engine.output(Arguments.LAYERS[n], Arguments.IMAGES[n]).length),
  PREDICT((engine, n) -> engine.predict(Arguments.IMAGES[n]).length),
  PARAMETERS((engine, n) -> engine.parameters().length),
  SET_PARAMETERS((engine, n) -> act(() -> engine.setParameters(Arguments.ARENAS[n]))),
  STATE(
      (engine, n) -> {
        EngineState state = engine.state();
        return state.position() * 1000L + state.metrics().count();
      }),
  RESTORE((engine, n) -> act(() -> engine.restore(Arguments.state(n)))),
  DESCRIPTION((engine, n) -> engine.description().isEmpty() ? 0 : 1),
  CLOSE((engine, n) -> act(engine::close));

  /** Arguments are 0 to below this. */
  static final int ARGUMENTS = 6;

  static final EngineConfig CONFIG = EngineConfig.CLASSIC;

  @SuppressWarnings("ImmutableEnumChecker") // All are functions without a state.
  private final ToLongBiFunction<Engine, Integer> call;

  Operation(ToLongBiFunction<Engine, Integer> call) {
    this.call = call;
  }

  long perform(Engine engine, int argument) {
    return call.applyAsLong(engine, argument);
  }

  private static long act(Runnable action) {
    action.run();
    return 0;
  }

  /** Good ones and bad ones. */
  private static final class Arguments {
    static final Dataset[] DATASETS = {
      Examples.bars(3, 3),
      Examples.bars(1, 1),
      null,
      closed(),
      Dataset.of(new byte[Dataset.PIXELS], new int[] {CONFIG.classes()}),
      Examples.bars(2, 2)
    };
    static final int[][] INDICES = {{0}, {2, 0, 2}, null, {}, {-1}, {0, 3}};
    static final float[][] ARENAS = {
      Examples.parameters(CONFIG),
      null,
      new float[3],
      withLast(Float.NaN),
      withLast(Float.NEGATIVE_INFINITY),
      new float[CONFIG.layout().size()]
    };
    static final Layer[] LAYERS = {
      Layer.CONV1, Layer.FC3, null, Layer.FLATTEN, Layer.POOL2, Layer.FC2_ACTIVATION
    };
    static final byte[][] IMAGES = {
      Examples.image(0),
      Examples.images(new int[] {1, 2, 3}),
      new byte[100],
      null,
      new byte[0],
      Examples.image(4)
    };

    private static Dataset closed() {
      Dataset dataset = Examples.bars(1, 1);
      dataset.close();
      return dataset;
    }

    private static float[] withLast(float value) {
      float[] arena = Examples.parameters(CONFIG);
      arena[arena.length - 1] = value;
      return arena;
    }

    static float[] gradient(int n) {
      return ARENAS[n] == null ? null : ARENAS[n].clone();
    }

    static EpochPlan plan(int n) {
      int[] order = INDICES[n] == null || n == 3 ? new int[] {1, 0, 1, 0, 0} : INDICES[n];
      float[] rates = new float[EpochPlan.batches(order.length, 2)];
      Arrays.fill(rates, 0.1f);
      return n == 3 ? null : new EpochPlan(n % 2, n, order, 2, rates);
    }

    static EngineState state(int n) {
      return new EngineState(
          ARENAS[n == 2 ? 2 : 0],
          ARENAS[n == 3 ? 3 : 5],
          n - 1,
          n == 4 ? null : new Metrics(1.5, n, 2L * n));
    }
  }
}
