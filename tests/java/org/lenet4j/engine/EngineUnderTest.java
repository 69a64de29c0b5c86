package org.lenet4j.engine;

import java.util.ArrayList;
import java.util.List;

/** An engine as the tests name and open it; every test of this package runs on all of them. */
record EngineUnderTest(String name, Device device, EngineOptions options) {
  /** Instead of the cpu engine, in the run of these tests on the emulated CUDA libraries. */
  private static final String DEVICE = System.getProperty("lenet4j.test.device", "cpu");

  /** The cpu engine with every instruction set that this machine has, or the device under test. */
  static List<EngineUnderTest> natives() {
    List<EngineUnderTest> engines = new ArrayList<>();
    if (!DEVICE.equals("cpu")) {
      engines.add(new EngineUnderTest(DEVICE, Device.parse(DEVICE), EngineOptions.DEFAULT));
      return engines;
    }
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
