package org.lenet4j.training;

import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import java.util.function.IntUnaryOperator;
import org.lenet4j.LeNetException;
import org.lenet4j.data.Dataset;
import org.lenet4j.engine.Engine;
import org.lenet4j.engine.EngineConfig;
import org.lenet4j.engine.EngineState;
import org.lenet4j.engine.EpochPlan;
import org.lenet4j.engine.Layer;
import org.lenet4j.engine.Metrics;

/** An engine that computes nothing: its metrics come from a script, its calls are recorded. */
final class ScriptedEngine implements Engine {
  final List<EpochPlan> plans = new ArrayList<>();
  final List<Integer> datasets = new ArrayList<>();
  final List<Integer> evaluated = new ArrayList<>();
  final List<Integer> sizes = new ArrayList<>();
  int stepsRun;
  int timesTaken;
  final float[] parameters = new float[config().layout().size()];

  private final IntFunction<Metrics> steps;
  private Metrics sums;
  private int nextId = 5;

  /**
   * Scripts an engine.
   *
   * @param leftover metrics of steps before the training
   * @param steps what the n-th step (from 0, over all epochs) adds
   */
  ScriptedEngine(Metrics leftover, IntFunction<Metrics> steps) {
    this.sums = leftover;
    this.steps = steps;
  }

  @Override
  public EngineConfig config() {
    return EngineConfig.CLASSIC;
  }

  @Override
  public String device() {
    return "script";
  }

  @Override
  public String description() {
    return "script";
  }

  @Override
  public int addDataset(Dataset dataset) {
    if (datasetsFail && !datasets.isEmpty()) {
      throw new LeNetException("no room");
    }
    datasets.add(nextId);
    sizes.add(dataset.size());
    return nextId++;
  }

  @Override
  public void removeDataset(int dataset) {
    datasets.remove(Integer.valueOf(dataset));
    if (datasetsFail) {
      throw new LeNetException("cannot remove " + dataset);
    }
  }

  @Override
  public void startEpoch(EpochPlan plan) {
    plans.add(plan);
  }

  @Override
  public void run(int batches) {
    for (int i = 0; i < batches; i++) {
      sums = sums.plus(steps.apply(stepsRun++));
    }
  }

  @Override
  public Metrics takeMetrics() {
    timesTaken++;
    Metrics taken = sums;
    sums = Metrics.ZERO;
    return taken;
  }

  /** By default gets better with every epoch. */
  IntUnaryOperator correctAfterEpoch = epoch -> epoch;

  double lossSumOfEvaluation = 10;

  /** No dataset but the first is taken, and every one that goes is complained of. */
  boolean datasetsFail;

  @Override
  public Metrics evaluate(int dataset) {
    evaluated.add(dataset);
    return new Metrics(
        lossSumOfEvaluation / plans.size(), correctAfterEpoch.applyAsInt(plans.size()), 10);
  }

  @Override
  public int position() {
    throw new UnsupportedOperationException();
  }

  @Override
  public double gradients(int dataset, int[] indices, float[] gradient) {
    throw new UnsupportedOperationException();
  }

  @Override
  public float[] output(Layer layer, byte[] images) {
    throw new UnsupportedOperationException();
  }

  @Override
  public float[] predict(byte[] images) {
    throw new UnsupportedOperationException();
  }

  @Override
  public float[] parameters() {
    return parameters.clone();
  }

  @Override
  public void setParameters(float[] parameters) {
    throw new UnsupportedOperationException();
  }

  @Override
  public EngineState state() {
    return new EngineState(parameters(), parameters(), stepsRun, sums);
  }

  @Override
  public void restore(EngineState state) {
    sums = state.metrics();
  }

  @Override
  public void close() {}
}
