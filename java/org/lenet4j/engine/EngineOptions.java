package org.lenet4j.engine;

import java.util.Objects;

/**
 * How an engine runs. Only {@code instructionSet} and {@code tf32} change what it computes, by
 * rounding.
 *
 * @param threads of the cpu engine; 0 for one per physical core that this process may use
 * @param instructionSet of the cpu engine's kernels, such as {@code x86-64-v3}; empty for the best
 *     that this processor has. System property {@code lenet4j.isa} is the default.
 * @param tf32 whether the cuda engine may round the inputs of products to TF32 (10 bits of
 *     fraction) for the tensor cores
 * @param cudaGraph whether the cuda engine replays a training step as a CUDA Graph; the same bits
 *     either way
 * @since 0.1.0
 */
public record EngineOptions(int threads, String instructionSet, boolean tf32, boolean cudaGraph) {
  /** More threads than this are refused. */
  public static final int MAX_THREADS = 1024;

  /** One thread per physical core, the best instruction set, no TF32, CUDA Graphs. */
  public static final EngineOptions DEFAULT =
      new EngineOptions(0, System.getProperty("lenet4j.isa", ""), false, true);

  /**
   * Refuses numbers of threads that nobody can mean.
   *
   * @throws IllegalArgumentException if the threads are negative or too many
   */
  public EngineOptions {
    if (threads < 0 || threads > MAX_THREADS) {
      throw new IllegalArgumentException(
          "threads must be 1 to %d, or 0 for one per physical core, was %d"
              .formatted(MAX_THREADS, threads));
    }
    Objects.requireNonNull(instructionSet, "instructionSet must not be null");
  }

  /**
   * Changes the number of threads.
   *
   * @param value 0 for one per physical core
   * @return options that differ in this alone
   * @throws IllegalArgumentException if it is negative or above {@link #MAX_THREADS}
   */
  public EngineOptions withThreads(int value) {
    return new EngineOptions(value, instructionSet, tf32, cudaGraph);
  }

  /**
   * Changes the instruction set.
   *
   * @param value empty for the best
   * @return options that differ in this alone
   */
  public EngineOptions withInstructionSet(String value) {
    return new EngineOptions(threads, value, tf32, cudaGraph);
  }

  /**
   * Allows or forbids TF32.
   *
   * @param value whether to allow it
   * @return options that differ in this alone
   */
  public EngineOptions withTf32(boolean value) {
    return new EngineOptions(threads, instructionSet, value, cudaGraph);
  }

  /**
   * Turns CUDA Graphs on or off.
   *
   * @param value whether to use them
   * @return options that differ in this alone
   */
  public EngineOptions withCudaGraph(boolean value) {
    return new EngineOptions(threads, instructionSet, tf32, value);
  }
}
