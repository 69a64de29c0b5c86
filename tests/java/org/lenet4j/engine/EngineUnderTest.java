package org.lenet4j.engine;

import java.util.ArrayList;
import java.util.List;

/** An engine as the tests name and open it. */
record EngineUnderTest(String name, Device device, EngineOptions options) {
  /**
   * The cpu engine with every instruction set that this machine has; with system property
   * lenet4j.tests.cuda the cuda engine instead, as a process should not have more than its own CUDA
   * libraries to think about.
   */
  static List<EngineUnderTest> natives() {
    if (Boolean.getBoolean("lenet4j.tests.cuda")) {
      return List.of(
          new EngineUnderTest("cuda", Device.cuda(0), EngineOptions.DEFAULT),
          new EngineUnderTest(
              "cuda, eager", Device.cuda(0), EngineOptions.DEFAULT.withCudaGraph(false)));
    }
    List<EngineUnderTest> engines = new ArrayList<>();
    for (String isa : NativeEngine.instructionSets()) {
      engines.add(
          new EngineUnderTest(
              "cpu, " + isa, Device.cpu(), EngineOptions.DEFAULT.withInstructionSet(isa)));
    }
    return engines;
  }

  /** The reference engine and {@link #natives}. */
  static List<EngineUnderTest> all() {
    List<EngineUnderTest> engines = new ArrayList<>(natives());
    engines.add(new EngineUnderTest("java", Device.java(), EngineOptions.DEFAULT));
    return engines;
  }

  Engine open(EngineConfig config) {
    return Engines.open(device, config, options);
  }

  Engine open(EngineConfig config, int threads) {
    return Engines.open(device, config, options.withThreads(threads));
  }

  @Override
  public String toString() {
    return name;
  }
}
