package org.lenet4j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lenet4j.CapturedLog;
import org.lenet4j.LeNetException;
import org.lenet4j.data.Dataset;
import org.lenet4j.engine.Activation;
import org.lenet4j.engine.CounterRandom;
import org.lenet4j.engine.Device;
import org.lenet4j.engine.Engine;
import org.lenet4j.engine.EngineConfig;
import org.lenet4j.engine.EpochPlan;
import org.lenet4j.engine.Examples;
import org.lenet4j.engine.Metrics;
import org.lenet4j.training.Training.Outcome;

/** The semantics of the training loop, on an engine that only plays a script. */
class TrainerTest {
  private static final Trainer SMALL = Trainer.classic().batchSize(4);

  private final Dataset train = Examples.bars(43, 3);
  private final Dataset test = Examples.bars(10, 3);

  /** Step n has a mean loss of n + 1 and one correct example. */
  private final ScriptedEngine engine =
      new ScriptedEngine(new Metrics(999, 99, 100), step -> new Metrics((step + 1) * 4.0, 1, 4));

  private Training fit(Trainer trainer) {
    return trainer.fit(new LeNet(engine, config -> engine, List.of()), train, test);
  }

  @ParameterizedTest
  @CsvSource({
    "1, 1, '1'",
    "3, 1, '1 2 3'",
    "9, 1, '1 2 3 4 5 6 7 8 9'",
    "10, 1, '2 4 6 8 10'",
    "43, 4, '2 4 6 8 10 11'",
    "235, 1, '47 94 141 188 235'",
  })
  void putsCurvePointsWhereTheChapterDoes(int examples, int batch, String expected) {
    try (Dataset data = Examples.bars(examples, 1)) {
      Training run =
          Trainer.classic()
              .epochs(2)
              .batchSize(batch)
              .fit(new LeNet(engine, config -> engine, List.of()), data, test);
      int steps = EpochPlan.batches(examples, batch);
      List<Double> x = new ArrayList<>();
      for (int epoch = 0; epoch < 2; epoch++) {
        for (String step : expected.split(" ")) {
          x.add(epoch + Double.parseDouble(step) / steps);
        }
      }
      assertThat(run.curve().stream().map(CurvePoint::epoch)).containsExactlyElementsOf(x);
      assertThat(engine.timesTaken).isEqualTo(x.size());
    }
  }

  @Test
  void putsCurvePointsWhereItIsTold() {
    Training run = fit(SMALL.epochs(1).pointEvery(4));
    assertThat(run.curve().stream().map(CurvePoint::epoch))
        .containsExactly(4 / 11.0, 8 / 11.0, 1.0);
    assertThat(run.curve().stream().map(CurvePoint::loss)).containsExactly(2.5, 4.5, 6.0);
  }

  @Test
  void measuresRunningMeansOfEachEpochAlone() {
    Training run = fit(SMALL.epochs(2));
    assertThat(run.curve().stream().map(CurvePoint::loss))
        .containsExactly(1.5, 2.5, 3.5, 4.5, 5.5, 6.0, 12.5, 13.5, 14.5, 15.5, 16.5, 17.0);
    assertThat(run.curve()).allSatisfy(p -> assertThat(p.trainAccuracy()).isEqualTo(0.25));
    assertThat(run.history().stream().map(Epoch::loss)).containsExactly(6.0, 17.0);
    assertThat(run.history().stream().map(Epoch::testAccuracy)).containsExactly(0.1, 0.2);
    assertThat(run.history().stream().map(Epoch::testLoss)).containsExactly(1.0, 0.5);
    assertThat(run.history().stream().map(Epoch::number)).containsExactly(1, 2);
    assertThat(run.last()).isSameAs(run.history().get(1));
    assertThat(run.outcome()).isEqualTo(Outcome.COMPLETE);
  }

  @Test
  void plansEachEpoch() {
    fit(SMALL.epochs(2).seed(9).learningRate(0.25));
    assertThat(engine.plans).hasSize(2);
    for (int epoch = 0; epoch < 2; epoch++) {
      EpochPlan plan = engine.plans.get(epoch);
      assertThat(plan.epoch()).isEqualTo(epoch);
      assertThat(plan.batchSize()).isEqualTo(4);
      assertThat(plan.order()).isEqualTo(CounterRandom.permutation(43, 9, epoch));
      assertThat(plan.learningRates()).hasSize(11).containsOnly(0.25f);
    }
    assertThat(engine.stepsRun).isEqualTo(22);
    assertThat(engine.datasets).isEmpty();
  }

  @Test
  void keepsTheOrderWithoutShuffle() {
    fit(SMALL.epochs(1).shuffle(false));
    assertThat(engine.plans.get(0).order()).isEqualTo(IntStream.range(0, 43).toArray());
  }

  @Test
  void countsOnlyStepsForTheRateOfSteps() {
    Training run = fit(SMALL.epochs(2).onProgress(progress -> pause()));
    assertThat(run.last().trainSeconds() - run.last().stepSeconds()).isGreaterThan(0.010);
    double steps = run.history().stream().mapToDouble(Epoch::stepSeconds).sum();
    double whole = run.history().stream().mapToDouble(Epoch::trainSeconds).sum();
    assertThat(run.examplesPerSecond()).isCloseTo(86 / steps, within(1e-6));
    assertThat(run.wholeEpochExamplesPerSecond()).isCloseTo(86 / whole, within(1e-6));
    assertThat(run.last().examplesPerSecond())
        .isEqualTo(43 / run.last().stepSeconds())
        .isGreaterThan(43 / run.last().trainSeconds());
    assertThat(run.seconds()).isGreaterThan(whole);
  }

  @Test
  void reportsEveryStepAndEveryEpoch() {
    List<Progress> reports = new ArrayList<>();
    fit(SMALL.epochs(2).onProgress(reports::add));
    assertThat(reports).hasSize(24);
    assertThat(reports.stream().map(Progress::examples))
        .startsWith(4L, 8L)
        .contains(40L, 43L, 47L)
        .endsWith(86L);
    assertThat(reports).allSatisfy(r -> assertThat(r.totalExamples()).isEqualTo(86));
    assertThat(reports.get(1).point()).isPresent();
    assertThat(reports.get(2).point()).isEmpty();
    assertThat(reports.get(10).finished()).isEmpty();
    assertThat(reports.get(11).finished()).map(Epoch::number).contains(1);
    assertThat(reports.get(12).epoch()).isEqualTo(2);
    assertThat(reports.get(12).step()).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY})
  void endsADivergingTraining(double loss) {
    ScriptedEngine diverging =
        new ScriptedEngine(Metrics.ZERO, step -> new Metrics(step == 14 ? loss : 1, 0, 4));
    assertThatThrownBy(
            () -> SMALL.fit(new LeNet(diverging, config -> diverging, List.of()), train, test))
        .isInstanceOf(LeNetException.class)
        .hasMessage(
            "the training diverged: the loss is "
                + loss
                + " at step 4 of 11 in epoch 2; try a smaller learning rate than 0.9 (--lr)");
    assertThat(diverging.datasets).isEmpty();
  }

  @Test
  void namesTheLayersThatDiverged() {
    ScriptedEngine diverging =
        new ScriptedEngine(Metrics.ZERO, step -> new Metrics(Double.NaN, 0, 4));
    diverging.parameters[diverging.config().layout().tensor("fc2.weight").offset()] = Float.NaN;
    diverging.parameters[diverging.parameters.length - 1] = Float.NEGATIVE_INFINITY;
    assertThatThrownBy(
            () -> SMALL.fit(new LeNet(diverging, config -> diverging, List.of()), train, test))
        .hasMessageContaining(" in epoch 1, with NaN or infinity in fc2.weight, fc3.bias; try ");
  }

  @Test
  void saysWhatIsNotFinite() {
    engine.lossSumOfEvaluation = Double.POSITIVE_INFINITY;
    assertThatThrownBy(() -> fit(SMALL))
        .hasMessageContaining("diverged: the test loss is Infinity at step 11 of 11 in epoch 1; ");
    engine.parameters[0] = Float.NaN;
    assertThatThrownBy(() -> fit(SMALL.checkpointEvery(1).onCheckpoint(checkpoint -> {})))
        .hasMessageContaining("diverged: a parameter is NaN at step 1 of 11 in epoch 1, with NaN");
  }

  @Test
  void aDivergingTrainingLeavesTheLastGoodCheckpoint() {
    ScriptedEngine diverging =
        new ScriptedEngine(Metrics.ZERO, step -> new Metrics(step == 13 ? Double.NaN : 1, 0, 4));
    List<Checkpoint> saved = new ArrayList<>();
    Trainer trainer = SMALL.checkpointEvery(1).onCheckpoint(saved::add);
    assertThatThrownBy(
            () -> trainer.fit(new LeNet(diverging, config -> diverging, List.of()), train, test))
        .isInstanceOf(LeNetException.class)
        .hasMessageContaining("at step 3 of 11 in epoch 2; try a smaller learning rate");
    Checkpoint last = saved.get(saved.size() - 1);
    assertThat(last.history()).hasSize(1);
    assertThat(last.state().position()).isEqualTo(2);
  }

  @ParameterizedTest
  @ValueSource(strings = {"cpu", "java"})
  void afterDivergingANetworkCanBeUsedAndReset(String device) {
    try (LeNet net =
        LeNet.builder().device(Device.parse(device)).activation(Activation.RELU).build()) {
      Trainer wild = SMALL.learningRate(1e30);
      assertThatThrownBy(() -> wild.fit(net, train, test))
          .isInstanceOf(LeNetException.class)
          .hasMessageContaining("the training diverged: the loss is NaN at step ")
          .hasMessageContaining(", with NaN or infinity in ")
          .hasMessageContaining("try a smaller learning rate than 1.0E30");
      assertThatThrownBy(() -> SMALL.fit(net, train, test))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("expected a finite number");
      net.engine().setParameters(Initializer.XAVIER.parameters(net.config().layout(), 1));
      assertThat(SMALL.epochs(1).learningRate(0.01).fit(net, train, test).history()).hasSize(1);
    }
  }

  @Test
  void aTrainingThatOnlyGetsWorseIsWarnedOfOnce() {
    try (LeNet net = LeNet.builder().device(Device.cpu()).build();
        CapturedLog log = new CapturedLog(Fit.class)) {
      SMALL.learningRate(50).epochs(2).fit(net, train, test);
      assertThat(log.lines())
          .singleElement()
          .asString()
          .startsWith("WARNING the training seems to diverge: the loss is ")
          .contains(" at step ", " in epoch 1, where guessing has 2.303")
          .endsWith("try a smaller learning rate than 50.0 (--lr)");
    }
  }

  @Test
  void stopsWithinAStepWhenInterrupted() {
    Training run =
        fit(
            SMALL.onProgress(
                progress -> {
                  if (progress.epoch() == 2 && progress.step() == 3) {
                    Thread.currentThread().interrupt();
                  }
                }));
    assertThat(Thread.interrupted()).isTrue();
    assertThat(engine.stepsRun).isEqualTo(14);
    assertThat(run.outcome()).isEqualTo(Outcome.STOPPED);
    assertThat(run.history()).hasSize(1);
    assertThat(engine.datasets).isEmpty();
  }

  @Test
  void stopsWhenAsked() {
    Training run = fit(SMALL.stopWhen(() -> engine.stepsRun == 2));
    assertThat(engine.stepsRun).isEqualTo(2);
    assertThat(run.outcome()).isEqualTo(Outcome.STOPPED);
    assertThat(run.curve()).hasSize(1);
    assertThatThrownBy(run::last).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void freesTheDatasetsWhenAListenerFails() {
    Trainer failing =
        SMALL.onProgress(
            progress -> {
              throw new IllegalStateException("no more");
            });
    assertThatThrownBy(() -> fit(failing)).hasMessage("no more");
    assertThat(engine.datasets).isEmpty();
  }

  @Test
  void freesTheDatasetsAlsoWhereThatFails() {
    Trainer failing = SMALL.onProgress(progress -> engine.datasetsFail = true);
    assertThatThrownBy(() -> fit(failing.epochs(1)))
        .hasMessage("cannot remove 5")
        .hasSuppressedException(new LeNetException("cannot remove 6"));
    assertThat(engine.datasets).isEmpty();
    assertThatThrownBy(() -> fit(SMALL))
        .hasMessage("no room")
        .hasSuppressedException(new LeNetException("cannot remove 7"));
    assertThat(engine.datasets).isEmpty();
  }

  @Test
  void doesNotChange() {
    Trainer classic = Trainer.classic();
    classic.epochs(1).batchSize(1).learningRate(1).shuffle(false).seed(1);
    assertThat(classic.epochs()).isEqualTo(10);
    assertThat(classic.batchSize()).isEqualTo(256);
    assertThat(classic.learningRate()).isEqualTo(0.9f);
    assertThat(classic.order(9, 0)).isEqualTo(CounterRandom.permutation(9, 0, 0));
  }

  @Test
  void refusesWhatMakesNoSense() {
    assertThatThrownBy(() -> SMALL.epochs(0)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> SMALL.batchSize(0)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> SMALL.patience(0)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> SMALL.checkpointEvery(0)).isInstanceOf(IllegalArgumentException.class);
    for (double share : new double[] {-0.1, 1, 0.99999999999, Double.NaN}) {
      assertThatThrownBy(() -> SMALL.momentum(share)).isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> SMALL.labelSmoothing(share))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> SMALL.validationSplit(share))
          .isInstanceOf(IllegalArgumentException.class);
    }
    for (int shift : new int[] {-1, 28}) {
      assertThatThrownBy(() -> SMALL.randomShift(shift))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("randomShift must be 0 to 27 pixels, was " + shift);
    }
    assertThatThrownBy(() -> SMALL.weightDecay(-1)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> SMALL.targetAccuracy(1.1))
        .isInstanceOf(IllegalArgumentException.class);
    for (double rate : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY, 1e-60, 1e60}) {
      assertThatThrownBy(() -> SMALL.learningRate(rate))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void givesEveryStepTheRateOfItsMiddle() {
    fit(SMALL.epochs(2).learningRate(0.5).schedule((epoch, epochs) -> epoch / epochs));
    float[] second = engine.plans.get(1).learningRates();
    for (int step = 0; step < 11; step++) {
      assertThat(second[step]).isEqualTo((float) (0.5 * (1 + (step + 0.5) / 11) / 2));
    }
  }

  @Test
  void stopsAtTheTarget() {
    Training run = fit(SMALL.targetAccuracy(0.3));
    assertThat(run.outcome()).isEqualTo(Outcome.TARGET_REACHED);
    assertThat(run.history()).hasSize(3);
  }

  @Test
  void losesPatience() {
    int[] correct = {0, 3, 5, 5, 4, 5, 9};
    engine.correctAfterEpoch = epoch -> correct[epoch];
    Training run = fit(SMALL.patience(3));
    assertThat(run.outcome()).isEqualTo(Outcome.NO_IMPROVEMENT);
    assertThat(run.history()).hasSize(5);
    assertThat(run.best().number()).isEqualTo(2);
  }

  @Test
  void holdsOutAShareForValidation() {
    Training run = fit(SMALL.epochs(1).validationSplit(0.25));
    assertThat(engine.sizes).containsExactly(32, 11, 10);
    assertThat(engine.stepsRun).isEqualTo(8);
    assertThat(SMALL.validationSplit(0.25).stepsPerEpoch(43)).isEqualTo(8);
    assertThat(engine.evaluated).containsExactly(6, 7);
    assertThat(engine.plans.get(0).order()).isEqualTo(CounterRandom.permutation(32, 0, 0));
    assertThat(run.last().examples()).isEqualTo(32);
    assertThat(run.last().validationAccuracy()).isEqualTo(0.1);
    assertThat(run.last().monitoredAccuracy()).isEqualTo(run.last().validationAccuracy());
  }

  @Test
  void makesCheckpointsWhenAsked() {
    List<String> made = new ArrayList<>();
    int[] correct = {0, 3, 2, 5};
    engine.correctAfterEpoch = epoch -> correct[epoch];
    fit(
        SMALL
            .epochs(3)
            .checkpointEvery(5)
            .onCheckpoint(
                c ->
                    made.add(
                        c.history().size()
                            + "."
                            + c.state().position()
                            + (c.isBest() ? "*" : ""))));
    assertThat(made)
        .containsExactly("0.5", "0.10", "1.0*", "1.5", "1.10", "2.0", "2.5", "2.10", "3.0*");
  }

  @Test
  void refusesALongerHistoryThanACheckpointHolds() {
    Trainer stopped = SMALL.pointEvery(1).stopWhen(() -> true);
    assertThat(fit(stopped.epochs(8_474)).outcome()).isEqualTo(Outcome.STOPPED);
    Trainer saving = stopped.onCheckpoint(checkpoint -> {});
    assertThat(fit(saving.epochs(8_473)).outcome()).isEqualTo(Outcome.STOPPED);
    engine.sizes.clear();
    assertThatThrownBy(() -> fit(saving.epochs(8_474)))
        .isInstanceOf(LeNetException.class)
        .hasMessage(
            "a checkpoint cannot hold the history of 8474 epochs with 11 curve points each, but of"
                + " 8473: train for fewer epochs, or make points less often (--log-interval)");
    assertThat(engine.sizes).as("copied to the device").isEmpty();
  }

  @Test
  void opensAnEngineForAnotherOptimiserAndKeepsTheParameters() {
    try (LeNet net = LeNet.builder().device(Device.java()).classes(3).build()) {
      float[] before = net.parameters();
      Trainer trainer =
          SMALL
              .epochs(1)
              .momentum(0.9)
              .nesterov(true)
              .weightDecay(1e-3)
              .labelSmoothing(0.1)
              .randomFlip(true)
              .randomShift(2)
              .seed(7)
              .stopWhen(() -> true);
      assertThat(trainer.fit(net, train, test).outcome()).isEqualTo(Outcome.STOPPED);
      assertThat(net.config())
          .isEqualTo(
              EngineConfig.CLASSIC
                  .withClasses(3)
                  .withMomentum(0.9f, true)
                  .withWeightDecay(1e-3f)
                  .withLabelSmoothing(0.1f)
                  .withAugmentation(true, 2, 7));
      assertThat(net.parameters()).isEqualTo(before);
      assertThatThrownBy(() -> SMALL.nesterov(true).fit(net, train, test))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("nesterov needs a momentum above 0");
      assertThat(net.parameters()).as("still usable").isEqualTo(before);
    }
  }

  @Test
  void keepsTheEngineForAnotherSeedWithoutAugmentation() {
    try (LeNet net = LeNet.builder().device(Device.java()).classes(3).build()) {
      Engine before = net.engine();
      SMALL.seed(7).stopWhen(() -> true).fit(net, train, test);
      assertThat(net.engine()).isSameAs(before);
    }
  }

  @Test
  void refusesToTrainANetworkTwiceAtOnce() {
    LeNet net = new LeNet(engine, config -> engine, List.of());
    Trainer nested = SMALL.onProgress(progress -> SMALL.fit(net, train, test));
    assertThatThrownBy(() -> nested.fit(net, train, test))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("this network is being trained already");
    SMALL.epochs(1).fit(net, train, test);
  }

  @Test
  void teachesARealNetworkTheSameBitsEveryTime() {
    float[][] parameters = new float[2][];
    for (int i = 0; i < 2; i++) {
      try (LeNet net =
          LeNet.builder().device(Device.java()).classes(3).activation(Activation.TANH).build()) {
        Training run = SMALL.epochs(3).learningRate(0.05).fit(net, train, test);
        assertThat(run.last().loss()).isLessThan(0.5 * run.history().get(0).loss());
        assertThat(net.evaluate(test).accuracy()).isEqualTo(run.last().testAccuracy());
        parameters[i] = net.parameters();
      }
    }
    assertThat(parameters[0]).isEqualTo(parameters[1]);
  }

  private static void pause() {
    try {
      Thread.sleep(1);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
