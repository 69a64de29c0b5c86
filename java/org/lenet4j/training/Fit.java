package org.lenet4j.training;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.lenet4j.LeNetException;
import org.lenet4j.data.Dataset;
import org.lenet4j.engine.Engine;
import org.lenet4j.engine.EpochPlan;
import org.lenet4j.engine.Metrics;

/**
 * One run of {@link Trainer#fit}: the loop over epochs and mini-batches.
 *
 * <p>Metrics are taken from the engine at curve points only, since on a GPU each taking waits for
 * all steps before it.
 */
final class Fit implements AutoCloseable {
  private static final int POINTS_PER_EPOCH = 5;

  private final Trainer trainer;
  private final Engine engine;
  private final int examples;
  private final int steps;
  private final int train;
  private final int test;
  private final List<Epoch> history = new ArrayList<>();
  private final List<CurvePoint> curve = new ArrayList<>();

  Fit(Trainer trainer, Engine engine, Dataset trainSet, Dataset testSet) {
    this.trainer = trainer;
    this.engine = engine;
    this.examples = trainSet.size();
    this.steps = EpochPlan.batches(examples, trainer.batchSize());
    this.train = engine.addDataset(trainSet);
    try {
      this.test = engine.addDataset(testSet);
    } catch (RuntimeException e) {
      engine.removeDataset(train);
      throw e;
    }
  }

  Training run() {
    engine.takeMetrics(); // Whatever was left by others.
    boolean complete = true;
    for (int epoch = 0; epoch < trainer.epochs() && complete; epoch++) {
      complete = runEpoch(epoch);
    }
    return new Training(history, curve, complete);
  }

  /** False if the training was stopped. */
  private boolean runEpoch(int epoch) {
    long start = System.nanoTime();
    engine.startEpoch(
        new EpochPlan(
            train,
            epoch,
            trainer.order(examples, epoch),
            trainer.batchSize(),
            trainer.learningRates(steps)));
    Metrics sums = Metrics.ZERO;
    long stepNanos = 0;
    for (int step = 1; step <= steps; step++) {
      if (trainer.stopped()) {
        return false;
      }
      boolean isPoint = step % Math.max(1, steps / POINTS_PER_EPOCH) == 0 || step == steps;
      long stepStart = System.nanoTime();
      engine.run(1);
      if (isPoint) {
        sums = sums.plus(engine.takeMetrics());
      }
      stepNanos += System.nanoTime() - stepStart;
      trainer.report(
          progress(
              epoch, step, isPoint ? Optional.of(point(epoch, step, sums)) : Optional.empty()));
    }
    long trained = System.nanoTime();
    Metrics tested = engine.evaluate(test);
    long evaluated = System.nanoTime();
    Epoch finished =
        new Epoch(
            epoch + 1,
            sums.loss(),
            sums.accuracy(),
            tested.loss(),
            tested.accuracy(),
            examples,
            seconds(stepNanos),
            seconds(trained - start),
            seconds(evaluated - trained));
    history.add(finished);
    trainer.report(finished(finished));
    return true;
  }

  private CurvePoint point(int epoch, int step, Metrics sums) {
    CurvePoint point = new CurvePoint(epoch + (double) step / steps, sums.loss(), sums.accuracy());
    if (!Double.isFinite(point.loss())) {
      throw new LeNetException(
          ("the training diverged: the loss is %s at step %d of %d in epoch %d;"
                  + " try a smaller learning rate than %s (--lr)")
              .formatted(point.loss(), step, steps, epoch + 1, trainer.learningRate()));
    }
    curve.add(point);
    return point;
  }

  private Progress progress(int epoch, int step, Optional<CurvePoint> point) {
    long done = (long) epoch * examples + Math.min(examples, (long) step * trainer.batchSize());
    return new Progress(
        epoch + 1, trainer.epochs(), step, steps, done, total(), point, Optional.empty());
  }

  private Progress finished(Epoch epoch) {
    return new Progress(
        epoch.number(),
        trainer.epochs(),
        steps,
        steps,
        (long) epoch.number() * examples,
        total(),
        Optional.empty(),
        Optional.of(epoch));
  }

  private long total() {
    return (long) trainer.epochs() * examples;
  }

  private static double seconds(long nanos) {
    return nanos * 1e-9;
  }

  /** Frees the device's copies of the datasets. */
  @Override
  public void close() {
    engine.removeDataset(train);
    engine.removeDataset(test);
  }
}
