package org.lenet4j.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.RandomDistribution;
import net.jqwik.api.Tuple;
import net.jqwik.api.lifecycle.AfterContainer;

/** Random calls in random order, sensible or not: an engine does what the contract says. */
class EngineStateMachineTest {
  private static final int THREADS = 4;
  private static final AtomicLong CALLS = new AtomicLong();

  /** One call of a sequence. */
  record Call(Operation operation, int argument) {
    /** What comes of it: a result, or the kind of exception, which must say something. */
    String outcome(Engine engine) {
      boolean isModel = engine instanceof ModelEngine;
      CALLS.addAndGet(isModel ? 0 : 1);
      try {
        return "returns " + operation.perform(engine, argument);
      } catch (IllegalArgumentException | IllegalStateException | NullPointerException e) {
        assertThat(isModel || !e.getMessage().isBlank()).as("%s says why", e).isTrue();
        return "throws " + e.getClass().getSimpleName();
      }
    }
  }

  @Provide
  Arbitrary<List<Call>> calls() {
    Arbitrary<Operation> operations =
        Arbitraries.frequencyOf(
            Tuple.of(8, Arbitraries.of(Operation.ADD_DATASET, Operation.START_EPOCH)),
            Tuple.of(8, Arbitraries.of(Operation.RUN_ONE)),
            Tuple.of(24, Arbitraries.of(Operation.values()).filter(o -> o != Operation.CLOSE)),
            // Seldom, since nothing much happens afterwards.
            Tuple.of(1, Arbitraries.of(Operation.CLOSE)));
    return Combinators.combine(
            operations, Arbitraries.integers().between(0, Operation.ARGUMENTS - 1))
        .as(Call::new)
        .list()
        .ofMaxSize(160)
        .withSizeDistribution(RandomDistribution.uniform());
  }

  @Property(tries = 800)
  void cpuDoesWhatTheContractSays(@ForAll("calls") List<Call> calls) {
    checkAgainstModel(Device.cpu(), calls);
  }

  @Property(tries = 100)
  void javaDoesWhatTheContractSays(@ForAll("calls") List<Call> calls) {
    checkAgainstModel(Device.java(), calls);
  }

  private static void checkAgainstModel(Device device, List<Call> calls) {
    Engine model = new ModelEngine(Operation.CONFIG);
    try (Engine engine = open(device)) {
      for (Call call : calls) {
        assertThat(call.outcome(engine)).as(call.toString()).isEqualTo(call.outcome(model));
      }
    }
    assertThat(Engines.liveCount()).isZero();
    assertThat(Engines.nativeBytes()).isZero();
  }

  /** Several threads on one engine, which any of them may close at any time. */
  @Property(tries = 250)
  void threadsDoNotHarmEachOther(@ForAll("calls") List<Call> calls) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(THREADS);
    try (Engine engine = open(Device.cpu())) {
      List<Callable<Void>> tasks = new ArrayList<>();
      for (int t = 0; t < THREADS; t++) {
        int first = t * calls.size() / THREADS; // Each begins elsewhere in the sequence.
        tasks.add(
            () -> {
              for (int i = 0; i < calls.size(); i++) {
                calls.get((first + i) % calls.size()).outcome(engine);
              }
              return null;
            });
      }
      for (Future<Void> done : threads.invokeAll(tasks)) {
        done.get();
      }
    } finally {
      threads.shutdown();
    }
    assertThat(Engines.liveCount()).isZero();
    assertThat(Engines.nativeBytes()).isZero();
  }

  private static Engine open(Device device) {
    return Engines.open(device, Operation.CONFIG, EngineOptions.DEFAULT.withThreads(2));
  }

  /** Less would mean that the sequences have become too short to find anything. */
  @AfterContainer
  static void enoughWasTried() {
    assertThat(CALLS.get()).isGreaterThan(100_000);
  }
}
