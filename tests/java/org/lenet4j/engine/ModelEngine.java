package org.lenet4j.engine;

import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.lenet4j.data.Dataset;

/**
 * The contract of {@link Engine} without the arithmetic: which calls are refused, and what can be
 * said of the others' results without computing them. All numbers are 0.
 */
final class ModelEngine implements Engine {
  private final EngineConfig config;
  private final Map<Integer, Integer> sizes = new HashMap<>();
  private int nextId;
  private EpochPlan plan;
  private int position;
  private long count;
  private boolean closed;

  ModelEngine(EngineConfig config) {
    this.config = config;
  }

  @Override
  public EngineConfig config() {
    return config;
  }

  @Override
  public String device() {
    return "model";
  }

  @Override
  public String description() {
    return "model";
  }

  @Override
  public int addDataset(Dataset dataset) {
    Objects.requireNonNull(dataset);
    requireOpen();
    require(dataset.classes() <= config.classes());
    sizes.put(nextId, dataset.size());
    return nextId++;
  }

  @Override
  public void removeDataset(int dataset) {
    size(dataset);
    sizes.remove(dataset);
    if (plan != null && plan.dataset() == dataset) {
      plan = null;
      position = 0;
    }
  }

  @Override
  public void startEpoch(EpochPlan newPlan) {
    Objects.requireNonNull(newPlan);
    requireIndices(newPlan.order(), size(newPlan.dataset()));
    plan = newPlan;
    position = 0;
  }

  @Override
  public void run(int batches) {
    requireOpen();
    if (plan == null) {
      throw new IllegalStateException();
    }
    require(batches >= 0 && batches <= plan.batches() - position);
    count -= examplesDone();
    position += batches;
    count += examplesDone();
  }

  /** Of the epoch; its last mini-batch may be smaller. */
  private int examplesDone() {
    return Math.min(plan.order().length, position * plan.batchSize());
  }

  @Override
  public int position() {
    requireOpen();
    return position;
  }

  @Override
  public Metrics takeMetrics() {
    requireOpen();
    Metrics taken = new Metrics(0, 0, count);
    count = 0;
    return taken;
  }

  @Override
  public Metrics evaluate(int dataset) {
    return new Metrics(0, 0, size(dataset));
  }

  @Override
  public double gradients(int dataset, int[] indices, float[] gradient) {
    Objects.requireNonNull(indices);
    Objects.requireNonNull(gradient);
    requireIndices(indices, size(dataset));
    requireArena(gradient);
    return 0;
  }

  @Override
  public float[] output(Layer layer, byte[] images) {
    Objects.requireNonNull(layer);
    int n = images(images);
    requireOpen();
    return new float[n * layer.size(config.classes())];
  }

  @Override
  public float[] predict(byte[] images) {
    int n = images(images);
    requireOpen();
    return new float[n * config.classes()];
  }

  @Override
  public float[] parameters() {
    requireOpen();
    return new float[config.layout().size()];
  }

  @Override
  public void setParameters(float[] parameters) {
    requireFinite(parameters);
    requireOpen();
  }

  @Override
  public EngineState state() {
    return new EngineState(parameters(), parameters(), position, new Metrics(0, 0, count));
  }

  @Override
  public void restore(EngineState state) {
    requireFinite(state.parameters());
    requireFinite(state.velocities());
    requireOpen();
    require(state.position() >= 0 && state.position() <= (plan == null ? 0 : plan.batches()));
    position = state.position();
    count = state.metrics().count();
  }

  @Override
  public void close() {
    closed = true;
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException();
    }
  }

  private int size(int dataset) {
    requireOpen();
    require(sizes.containsKey(dataset));
    return sizes.get(dataset);
  }

  private static int images(byte[] images) {
    require(images.length > 0 && images.length % Dataset.PIXELS == 0);
    return images.length / Dataset.PIXELS;
  }

  private static void requireIndices(int[] indices, int size) {
    require(indices.length > 0);
    for (int index : indices) {
      require(index >= 0 && index < size);
    }
  }

  private void requireArena(float[] arena) {
    require(arena.length == config.layout().size());
  }

  private void requireFinite(float[] arena) {
    requireArena(arena);
    for (float value : arena) {
      require(Float.isFinite(value));
    }
  }

  private static void require(boolean condition) {
    if (!condition) {
      throw new IllegalArgumentException();
    }
  }
}
