package org.lenet4j.engine;

/**
 * How an engine runs, without influence on what it computes.
 *
 * @param threads of the cpu engine; 0 for as many as this process has processors
 * @param instructionSet of the cpu engine's kernels, such as {@code x86-64-v3}; empty for the best
 *     that this processor has. System property {@code lenet4j.isa} is the default.
 */
public record EngineOptions(int threads, String instructionSet) {
  /** More threads than this are refused. */
  public static final int MAX_THREADS = 1024;

  public static final EngineOptions DEFAULT =
      new EngineOptions(0, System.getProperty("lenet4j.isa", ""));

  public EngineOptions {
    if (threads < 0 || threads > MAX_THREADS) {
      throw new IllegalArgumentException(
          "threads must be 1 to %d, or 0 for all processors, was %d"
              .formatted(MAX_THREADS, threads));
    }
    if (instructionSet == null) {
      throw new IllegalArgumentException("instructionSet must not be null");
    }
  }

  public EngineOptions withThreads(int value) {
    return new EngineOptions(value, instructionSet);
  }

  public EngineOptions withInstructionSet(String value) {
    return new EngineOptions(threads, value);
  }
}
