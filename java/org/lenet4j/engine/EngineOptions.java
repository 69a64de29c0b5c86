package org.lenet4j.engine;

/**
 * How an engine runs. Of these only {@code tf32} changes what it computes, by rounding.
 *
 * @param threads of the cpu engine; 0 for one per physical core that this process may use
 * @param instructionSet of the cpu engine's kernels, such as {@code x86-64-v3}; empty for the best
 *     that this processor has. System property {@code lenet4j.isa} is the default.
 * @param tf32 whether the cuda engine may round the inputs of products to TF32 (10 bits of
 *     fraction) for the tensor cores
 * @param cudaGraph whether the cuda engine replays a training step as a CUDA Graph; the same bits
 *     either way
 */
public record EngineOptions(int threads, String instructionSet, boolean tf32, boolean cudaGraph) {
  /** More threads than this are refused. */
  public static final int MAX_THREADS = 1024;

  public static final EngineOptions DEFAULT =
      new EngineOptions(0, System.getProperty("lenet4j.isa", ""), false, true);

  public EngineOptions {
    if (threads < 0 || threads > MAX_THREADS) {
      throw new IllegalArgumentException(
          "threads must be 1 to %d, or 0 for one per physical core, was %d"
              .formatted(MAX_THREADS, threads));
    }
    if (instructionSet == null) {
      throw new IllegalArgumentException("instructionSet must not be null");
    }
  }

  public EngineOptions withThreads(int value) {
    return new EngineOptions(value, instructionSet, tf32, cudaGraph);
  }

  public EngineOptions withInstructionSet(String value) {
    return new EngineOptions(threads, value, tf32, cudaGraph);
  }

  public EngineOptions withTf32(boolean value) {
    return new EngineOptions(threads, instructionSet, value, cudaGraph);
  }

  public EngineOptions withCudaGraph(boolean value) {
    return new EngineOptions(threads, instructionSet, tf32, value);
  }
}
