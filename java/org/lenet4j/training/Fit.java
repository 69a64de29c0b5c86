package org.lenet4j.training;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.lenet4j.LeNetException;
import org.lenet4j.data.Dataset;
import org.lenet4j.engine.Engine;
import org.lenet4j.engine.EngineState;
import org.lenet4j.engine.EpochPlan;
import org.lenet4j.engine.Metrics;
import org.lenet4j.engine.ParameterLayout;
import org.lenet4j.io.Safetensors;
import org.lenet4j.training.Training.Outcome;

/**
 * One run of {@link Trainer#fit}: the loop over epochs and mini-batches.
 *
 * <p>Metrics are taken from the engine at curve points only, since on a GPU each taking waits for
 * all steps before it.
 */
final class Fit implements AutoCloseable {
  private static final Logger LOGGER = System.getLogger(Fit.class.getName());

  /** Times the loss of guessing; an unlucky start may have some of it. */
  private static final double HOPELESS = 10;

  // Bytes that a line of the history takes in a checkpoint's header at most.
  private static final int EPOCH_LINE = 440;
  private static final int POINT_LINE = 140;

  private final Trainer trainer;
  private final Engine engine;
  private final List<String> labels;
  private final FitData data;
  private final int examples;
  private final int steps;
  private final Map<String, String> settings;

  private final List<Epoch> history = new ArrayList<>();
  private final List<CurvePoint> curve = new ArrayList<>();

  // The epoch that is under way.
  private float[] rates;
  private int step;
  private Metrics sums = Metrics.ZERO;
  private long stepNanos;
  private long trainNanos;
  private boolean warned;

  Fit(Trainer trainer, Engine engine, List<String> labels, Dataset train, Dataset test) {
    this.trainer = trainer;
    this.engine = engine;
    this.labels = labels;
    this.settings = trainer.settings(engine.config(), train.size());
    this.steps = trainer.stepsPerEpoch(train.size());
    requireRoomForHistory();
    this.data = new FitData(trainer, engine, train, test);
    this.examples = data.examples();
  }

  /** Refused now and not hours later, when the checkpoints have grown too large to be read. */
  private void requireRoomForHistory() {
    long points = (steps - 1L) / trainer.pointSteps(steps) + 1;
    long epochs = Safetensors.MAX_HEADER / (EPOCH_LINE + points * POINT_LINE);
    if (trainer.wantsCheckpoints() && trainer.epochs() > epochs) {
      throw new LeNetException(
          ("a checkpoint cannot hold the history of %d epochs with %d curve points each, but of %d:"
                  + " train for fewer epochs, or make points less often (--log-interval)")
              .formatted(trainer.epochs(), points, epochs));
    }
  }

  /** Trains from the engine's parameters on, momentum and metrics at zero. */
  Training run() {
    float[] parameters = engine.parameters();
    engine.restore(new EngineState(parameters, new float[parameters.length], 0, Metrics.ZERO));
    return loop();
  }

  /** Goes on where another run was. */
  Training resume(Checkpoint checkpoint) {
    checkpoint.requireSettings(settings);
    checkpoint.requireStepWithin(steps);
    history.addAll(checkpoint.history());
    curve.addAll(checkpoint.curve());
    step = checkpoint.state().position();
    sums = checkpoint.sums();
    stepNanos = checkpoint.stepNanos();
    trainNanos = checkpoint.trainNanos();
    if (step > 0) {
      startEpoch();
    }
    engine.restore(checkpoint.state());
    return loop();
  }

  private Training loop() {
    Optional<Outcome> outcome = outcome();
    while (outcome.isEmpty()) {
      outcome = trainEpoch() ? finishEpoch() : Optional.of(Outcome.STOPPED);
    }
    return new Training(history, curve, outcome.get());
  }

  private void startEpoch() {
    int epoch = history.size();
    rates = trainer.learningRates(steps, epoch);
    engine.startEpoch(
        new EpochPlan(
            data.train(), epoch, trainer.order(examples, epoch), trainer.batchSize(), rates));
  }

  /** False if the training was stopped. */
  private boolean trainEpoch() {
    long start = System.nanoTime() - trainNanos; // What was before a resume counts too.
    if (step == 0) {
      startEpoch();
    }
    while (step < steps) {
      if (trainer.stopped()) {
        trainNanos = System.nanoTime() - start;
        checkpoint();
        return false;
      }
      long stepStart = System.nanoTime();
      engine.run(1);
      step++;
      boolean isPoint = step % trainer.pointSteps(steps) == 0 || step == steps;
      if (isPoint) {
        sums = sums.plus(engine.takeMetrics());
      }
      stepNanos += System.nanoTime() - stepStart;
      trainer.report(progress(isPoint ? Optional.of(point()) : Optional.empty()));
      if (step % trainer.checkpointSteps() == 0 && step < steps) {
        trainNanos = System.nanoTime() - start;
        checkpoint();
      }
    }
    trainNanos = System.nanoTime() - start;
    return true;
  }

  private Optional<Outcome> finishEpoch() {
    long start = System.nanoTime();
    Optional<Metrics> validated = data.validate();
    Metrics tested = data.test();
    requireFinite("the test loss", tested.lossSum());
    long evaluationNanos = System.nanoTime() - start;
    Epoch epoch =
        new Epoch(
            history.size() + 1,
            decimal(rates[steps - 1]),
            sums.loss(),
            sums.accuracy(),
            validated.map(Metrics::loss).orElse(Double.NaN),
            validated.map(Metrics::accuracy).orElse(Double.NaN),
            tested.loss(),
            tested.accuracy(),
            examples,
            seconds(stepNanos),
            seconds(trainNanos),
            seconds(evaluationNanos));
    history.add(epoch);
    step = 0;
    sums = Metrics.ZERO;
    stepNanos = 0;
    trainNanos = 0;
    trainer.report(finished(epoch));
    checkpoint();
    return outcome();
  }

  /** As one would write it, without the digits that only a double has. */
  private static double decimal(float value) {
    return Double.parseDouble(Float.toString(value));
  }

  /** Empty if there is more to do. */
  private Optional<Outcome> outcome() {
    if (history.isEmpty() || step > 0) {
      return Optional.empty();
    }
    Epoch last = history.get(history.size() - 1);
    int sinceBest = last.number() - Training.best(history).number();
    if (last.monitoredAccuracy() >= trainer.targetAccuracy()) {
      return Optional.of(Outcome.TARGET_REACHED);
    }
    if (sinceBest >= trainer.patience()) {
      return Optional.of(Outcome.NO_IMPROVEMENT);
    }
    return last.number() >= trainer.epochs() ? Optional.of(Outcome.COMPLETE) : Optional.empty();
  }

  private void checkpoint() {
    if (!trainer.wantsCheckpoints()) {
      return;
    }
    EngineState now = engine.state();
    // The last curve point may be some steps back. Nothing may replace a checkpoint but one that
    // can be gone on from.
    requireFinite("the loss", sums.lossSum() + now.metrics().lossSum());
    for (float parameter : now.parameters()) {
      requireFinite("a parameter", parameter);
    }
    trainer.checkpoint(
        new Checkpoint(
            engine.config(),
            labels,
            // After the last step an engine is at the epoch's end, we at the next one's beginning.
            new EngineState(now.parameters(), now.velocities(), step, now.metrics()),
            sums,
            stepNanos,
            trainNanos,
            history,
            curve,
            settings));
  }

  private CurvePoint point() {
    int epoch = history.size();
    CurvePoint point = new CurvePoint(epoch + (double) step / steps, sums.loss(), sums.accuracy());
    requireFinite("the loss", point.loss());
    warnIfHopeless(point.loss());
    curve.add(point);
    return point;
  }

  /** Once: a loss that stays finite may still be far above that of a network that only guesses. */
  private void warnIfHopeless(double loss) {
    double guessing = Math.log(Math.max(2, engine.config().classes()));
    if (!warned && loss > HOPELESS * guessing) {
      warned = true;
      LOGGER.log(
          Level.WARNING,
          String.format(
              Locale.US,
              "the training seems to diverge: the loss is %.4g at step %d of %d in epoch %d, where"
                  + " guessing has %.4g; try a smaller learning rate than %s (--lr)",
              loss,
              step,
              steps,
              history.size() + 1,
              guessing,
              trainer.learningRate()));
    }
  }

  /** Checks a loss, or what would make the next one not finite. */
  private void requireFinite(String what, double value) {
    if (!Double.isFinite(value)) {
      throw new LeNetException(
          ("the training diverged: %s is %s at step %d of %d in epoch %d%s;"
                  + " try a smaller learning rate than %s (--lr)")
              .formatted(
                  what,
                  value,
                  step,
                  steps,
                  history.size() + 1,
                  brokenTensors(),
                  trainer.learningRate()));
    }
  }

  /** Where it shows in the parameters, if it does. */
  private String brokenTensors() {
    float[] parameters = engine.parameters();
    List<ParameterLayout.Tensor> tensors = engine.config().layout().tensors();
    List<String> broken =
        tensors.stream()
            .filter(tensor -> !isFinite(parameters, tensor))
            .map(ParameterLayout.Tensor::name)
            .toList();
    if (broken.isEmpty()) {
      return "";
    }
    return ", with NaN or infinity in "
        + (broken.size() == tensors.size() ? "every layer" : String.join(", ", broken));
  }

  private static boolean isFinite(float[] parameters, ParameterLayout.Tensor tensor) {
    for (int i = tensor.offset(); i < tensor.offset() + tensor.length(); i++) {
      if (!Float.isFinite(parameters[i])) {
        return false;
      }
    }
    return true;
  }

  private Progress progress(Optional<CurvePoint> point) {
    int epoch = history.size();
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
    data.close();
  }
}
