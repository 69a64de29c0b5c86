package org.lenet4j.engine;

import java.lang.ref.Reference;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.lenet4j.LeNetException;
import org.lenet4j.data.Dataset;

/**
 * The gate in front of every engine: validates arguments and order of calls and lets one call in at
 * a time, so that an implementation sees nothing but valid calls.
 */
abstract class AbstractEngine implements Engine {
  private final EngineConfig config;
  private final ParameterLayout layout;
  private final ReentrantLock lock = new ReentrantLock();
  private final Map<Integer, Integer> datasetSizes = new HashMap<>();
  private EpochPlan plan;
  private boolean closed;

  AbstractEngine(EngineConfig config) {
    this.config = config;
    this.layout = config.layout();
  }

  abstract int doAddDataset(Dataset dataset);

  abstract void doRemoveDataset(int dataset);

  abstract void doStartEpoch(EpochPlan plan);

  abstract void doEndEpoch();

  abstract void doRun(int batches);

  abstract int doPosition();

  abstract Metrics doTakeMetrics();

  abstract Metrics doEvaluate(int dataset);

  abstract double doGradients(int dataset, int[] indices, float[] gradient);

  abstract float[] doOutput(Layer layer, byte[] images, int count);

  abstract float[] doPredict(byte[] images, int count);

  abstract float[] doParameters();

  abstract void doSetParameters(float[] parameters);

  abstract EngineState doState();

  abstract void doRestore(EngineState state);

  abstract void doClose();

  @Override
  public final EngineConfig config() {
    return config;
  }

  final ParameterLayout layout() {
    return layout;
  }

  @Override
  public final int addDataset(Dataset dataset) {
    Objects.requireNonNull(dataset, "dataset must not be null");
    return call(
        () -> {
          if (dataset.classes() > config.classes()) {
            throw new IllegalArgumentException(
                "the dataset has labels up to %d, the network only %d classes (labels 0 to %d)"
                    .formatted(dataset.classes() - 1, config.classes(), config.classes() - 1));
          }
          int size = dataset.size();
          int id = doAddDataset(dataset);
          datasetSizes.put(id, size);
          return id;
        });
  }

  @Override
  public final void removeDataset(int dataset) {
    call(
        () -> {
          sizeOf(dataset);
          if (plan != null && plan.dataset() == dataset) {
            plan = null;
            doEndEpoch();
          }
          doRemoveDataset(dataset);
          datasetSizes.remove(dataset);
          return null;
        });
  }

  @Override
  public final void startEpoch(EpochPlan newPlan) {
    Objects.requireNonNull(newPlan, "plan must not be null");
    call(
        () -> {
          checkIndices("order", newPlan.order(), sizeOf(newPlan.dataset()));
          plan = null; // A start that fails leaves no epoch.
          doStartEpoch(newPlan);
          plan = newPlan;
          return null;
        });
  }

  @Override
  public final void run(int batches) {
    call(
        () -> {
          if (plan == null) {
            throw new IllegalStateException("run() needs startEpoch() first");
          }
          int left = plan.batches() - doPosition();
          if (batches < 0 || batches > left) {
            throw new IllegalArgumentException(
                "the epoch has %d mini-batches left, %d were asked for".formatted(left, batches));
          }
          doRun(batches);
          return null;
        });
  }

  @Override
  public final int position() {
    return call(() -> plan == null ? 0 : doPosition());
  }

  @Override
  public final Metrics takeMetrics() {
    return call(this::doTakeMetrics);
  }

  @Override
  public final Metrics evaluate(int dataset) {
    return call(
        () -> {
          sizeOf(dataset);
          return doEvaluate(dataset);
        });
  }

  @Override
  public final double gradients(int dataset, int[] indices, float[] gradient) {
    Objects.requireNonNull(indices, "indices must not be null");
    Objects.requireNonNull(gradient, "gradient must not be null");
    return call(
        () -> {
          checkIndices("indices", indices, sizeOf(dataset));
          requireArena("gradient", gradient);
          return doGradients(dataset, indices, gradient);
        });
  }

  @Override
  public final float[] output(Layer layer, byte[] images) {
    Objects.requireNonNull(layer, "layer must not be null");
    int count = countImages(images);
    requireRoom(count, layer.size(config.classes()));
    return call(() -> doOutput(layer, images, count));
  }

  @Override
  public final float[] predict(byte[] images) {
    int count = countImages(images);
    requireRoom(count, config.classes());
    return call(() -> doPredict(images, count));
  }

  @Override
  public final float[] parameters() {
    return call(this::doParameters);
  }

  @Override
  public final void setParameters(float[] parameters) {
    requireFinite("parameters", parameters);
    call(
        () -> {
          doSetParameters(parameters);
          return null;
        });
  }

  @Override
  public final EngineState state() {
    return call(this::doState);
  }

  @Override
  public final void restore(EngineState state) {
    Objects.requireNonNull(state, "state must not be null");
    requireFinite("state.parameters", state.parameters());
    requireFinite("state.velocities", state.velocities());
    call(
        () -> {
          int batches = plan == null ? 0 : plan.batches();
          if (state.position() < 0 || state.position() > batches) {
            throw new IllegalArgumentException(
                "the state is %d mini-batches into an epoch, the current epoch has %d: call startEpoch with that epoch's plan first"
                    .formatted(state.position(), batches));
          }
          doRestore(state);
          return null;
        });
  }

  @Override
  public final void close() {
    lock.lock();
    try {
      if (!closed) {
        closed = true;
        doClose();
      }
    } finally {
      lock.unlock();
    }
  }

  private <T> T call(Supplier<T> body) {
    lock.lock();
    try {
      if (closed) {
        throw new IllegalStateException("this engine (" + device() + ") is closed");
      }
      return body.get();
    } catch (OutOfMemoryError e) {
      // Of the heap: nothing has changed yet, since what a call puts out is made before it begins.
      throw new LeNetException(
          "out of heap memory (%s): raise -Xmx, or ask for less at once".formatted(e.getMessage()),
          e);
    } finally {
      lock.unlock();
      // Until here the collector must not take this engine for forgotten, and free it.
      Reference.reachabilityFence(this);
    }
  }

  private int sizeOf(int dataset) {
    Integer size = datasetSizes.get(dataset);
    if (size == null) {
      throw new IllegalArgumentException("this engine has no dataset " + dataset);
    }
    return size;
  }

  private static void checkIndices(String name, int[] indices, int size) {
    if (indices.length == 0) {
      throw new IllegalArgumentException(name + " must name at least one example");
    }
    for (int i = 0; i < indices.length; i++) {
      if (indices[i] < 0 || indices[i] >= size) {
        throw new IllegalArgumentException(
            "%s[%d] is %d, the dataset has examples 0 to %d"
                .formatted(name, i, indices[i], size - 1));
      }
    }
  }

  private static int countImages(byte[] images) {
    Objects.requireNonNull(images, "images must not be null");
    if (images.length == 0 || images.length % Dataset.PIXELS != 0) {
      throw new IllegalArgumentException(
          "images must hold a positive multiple of %d pixels, was %d"
              .formatted(Dataset.PIXELS, images.length));
    }
    return images.length / Dataset.PIXELS;
  }

  private static void requireRoom(int count, int size) {
    if ((long) count * size > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "%d images with %d values each are more than an array holds: ask for fewer at once"
              .formatted(count, size));
    }
  }

  private void requireArena(String name, float[] arena) {
    Objects.requireNonNull(arena, name + " must not be null");
    if (arena.length != layout.size()) {
      throw new IllegalArgumentException(
          "%s must hold %d floats, was %d".formatted(name, layout.size(), arena.length));
    }
  }

  private void requireFinite(String name, float[] arena) {
    requireArena(name, arena);
    for (int i = 0; i < arena.length; i++) {
      if (!Float.isFinite(arena[i])) {
        throw new IllegalArgumentException(
            "%s[%d] is %s, expected a finite number: a training that diverged leaves such ones, so go back to those before it"
                .formatted(name, i, arena[i]));
      }
    }
  }
}
