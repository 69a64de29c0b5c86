package org.lenet4j.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Random calls in random order, sensible or not: an engine does what the contract says. */
class EngineStateMachineTest {
  private static final int THREADS = 4;
  private static final int MAX_CALLS = 160;
  private static final Operation[] OPERATIONS = Operation.values();

  private final AtomicLong calls = new AtomicLong();

  /** One call of a sequence. */
  private record Call(Operation operation, int argument) {}

  /** The same for the same seed. */
  private static List<Call> sequence(int seed) {
    SplittableRandom random = new SplittableRandom(seed);
    List<Call> sequence = new ArrayList<>();
    for (int left = random.nextInt(MAX_CALLS); left > 0; left--) {
      sequence.add(new Call(operation(random), random.nextInt(Operation.ARGUMENTS)));
    }
    return sequence;
  }

  private static Operation operation(SplittableRandom random) {
    int kind = random.nextInt(40);
    if (kind == 0) {
      return Operation.CLOSE; // Seldom, since nothing much happens afterwards.
    }
    // More often than others, or there would be few trainings.
    if (kind < 4) {
      return Operation.ADD_DATASET;
    }
    if (kind < 8) {
      return Operation.START_EPOCH;
    }
    if (kind < 16) {
      return Operation.RUN_ONE;
    }
    Operation any = OPERATIONS[random.nextInt(OPERATIONS.length)];
    return any == Operation.CLOSE ? Operation.RUN_ONE : any;
  }

  @ParameterizedTest
  @MethodSource("org.lenet4j.engine.EngineUnderTest#all")
  void doesWhatTheContractSays(EngineUnderTest tested) {
    int sequences = tested.device().equals(Device.cpu()) ? 500 : 100; // The others are slow.
    for (int seed = 0; seed < sequences; seed++) {
      checkAgainstModel(tested, seed);
    }
    requireCalls(50L * sequences, tested.toString());
  }

  private void checkAgainstModel(EngineUnderTest tested, int seed) {
    Engine model = new ModelEngine(Operation.CONFIG);
    List<Call> done = new ArrayList<>();
    try (Engine engine = tested.open(Operation.CONFIG, 2)) {
      for (Call call : sequence(seed)) {
        done.add(call);
        assertThat(outcome(call, engine))
            .as("the last of these calls, with seed %d: %s", seed, done)
            .isEqualTo(outcome(call, model));
      }
    }
    requireNothingLeft(seed);
  }

  /** Several threads on one engine, which any of them may close at any time. */
  @Test
  @DisabledIfSystemProperty(
      named = "lenet4j.tests.cuda",
      matches = "true",
      disabledReason = "the lock that this is about is the same Java code")
  void threadsDoNotHarmEachOther() throws Exception {
    int sequences = 250;
    ExecutorService threads = Executors.newFixedThreadPool(THREADS);
    try {
      for (int seed = 0; seed < sequences; seed++) {
        try (Engine engine =
            Engines.open(Device.cpu(), Operation.CONFIG, EngineOptions.DEFAULT.withThreads(2))) {
          for (Future<Void> done : threads.invokeAll(rotations(engine, sequence(seed)))) {
            done.get();
          }
        }
        requireNothingLeft(seed);
      }
    } finally {
      threads.shutdown();
    }
    requireCalls(50L * THREADS * sequences, THREADS + " threads on one engine");
  }

  @Test
  @EnabledIfSystemProperty(
      named = "lenet4j.tests.library",
      matches = ".+",
      disabledReason = "tests/sanitized-jvm sets it")
  void theLibraryIsTheOneToBeWatched() {
    assertThat(NativeEngine.unavailableReason()).isEmpty();
    assertThat(LoadedLibraries.matching("liblenet\\.so"))
        .containsExactly(System.getProperty("lenet4j.tests.library") + "/liblenet.so");
  }

  /** For each thread the same calls, from another one on. */
  private List<Callable<Void>> rotations(Engine engine, List<Call> sequence) {
    List<Callable<Void>> tasks = new ArrayList<>();
    for (int t = 0; t < THREADS; t++) {
      int first = t * sequence.size() / THREADS;
      tasks.add(
          () -> {
            for (int i = 0; i < sequence.size(); i++) {
              outcome(sequence.get((first + i) % sequence.size()), engine);
            }
            return null;
          });
    }
    return tasks;
  }

  /** What comes of a call: a result, or the kind of exception, which must say something. */
  private String outcome(Call call, Engine engine) {
    boolean isModel = engine instanceof ModelEngine;
    calls.addAndGet(isModel ? 0 : 1);
    try {
      return "returns " + call.operation().perform(engine, call.argument());
    } catch (IllegalArgumentException | IllegalStateException | NullPointerException e) {
      if (!isModel) {
        assertThat(e.getMessage()).as("what a refusal of %s says", call).isNotBlank();
      }
      return "throws " + e.getClass().getSimpleName();
    }
  }

  private static void requireNothingLeft(int seed) {
    assertThat(Engines.liveCount()).as("engines left open with seed %d", seed).isZero();
    assertThat(Engines.nativeBytes()).as("native bytes left with seed %d", seed).isZero();
  }

  /** Fewer calls would mean that the sequences have become too short to find anything. */
  private void requireCalls(long least, String where) {
    System.out.printf("random calls: %,d, %s%n", calls.get(), where);
    assertThat(calls.get()).isGreaterThan(least);
  }
}
