package org.lenet4j.engine;

import java.util.List;
import java.util.function.Supplier;
import org.bytedeco.javacpp.Loader;
import org.lenet4j.LeNetException;
import org.lenet4j.data.Dataset;
import org.lenet4j.internal.binding.Config;
import org.lenet4j.internal.binding.LeNetNative;

/** An engine in native code: a thin layer over the generated bindings of native/include/lenet. */
final class NativeEngine extends AbstractEngine {
  /** Those that release/build makes a jar for. */
  private static final List<String> PLATFORMS = List.of("linux-x86_64", "linux-arm64");

  /** Loads the native library once, on first use. */
  private static final class Library {
    static final String UNAVAILABLE = load();

    private static String load() {
      forbidMemoryLimit();
      String platform = Loader.getPlatform();
      if (!PLATFORMS.contains(platform)) {
        return "there is no native code for %s, only for %s"
            .formatted(platform, String.join(" and ", PLATFORMS));
      }
      try {
        NativeLibrary.load("liblenet.so");
        NativeLibrary.load("libjniLeNetNative.so");
        Loader.load(LeNetNative.class);
        return "";
      } catch (LeNetException | LinkageError e) {
        return "the native library for %s could not be loaded: %s; or use --device java"
            .formatted(platform, e.getMessage());
      }
    }

    /**
     * JavaCPP would refuse to make even the smallest object where the whole process has more memory
     * than four times -Xmx, after it has tried to help by System.gc(); but what a program has off
     * the heap is its own business. It looks at this property when its Pointer is first used.
     */
    private static void forbidMemoryLimit() {
      String property = "org.bytedeco.javacpp.maxPhysicalBytes";
      if (System.getProperty(property) == null) {
        System.setProperty(property, "0");
      }
    }
  }

  /** Keep in sync with CudaEngine::describe in native/cuda/cuda_engine.cpp. */
  private static final String EMULATED = " [EMULATED on CPU]";

  private final Device device;
  private final org.lenet4j.internal.binding.Engine engine;
  private final NativeResource resource;
  private volatile String description;

  NativeEngine(Device device, EngineConfig config, EngineOptions options) {
    super(config);
    this.device = device;
    String reason =
        device.kind() == Device.Kind.CUDA ? CudaLibrary.unavailableReason() : unavailableReason();
    if (!reason.isEmpty()) {
      throw unusable(reason, null);
    }
    try (Config nativeConfig = new Config()) {
      nativeConfig
          .classes(config.classes())
          .activation(LeNetNative.Activation.values()[config.activation().ordinal()])
          .pooling(LeNetNative.Pooling.values()[config.pooling().ordinal()])
          .input_scale(config.inputScale())
          .input_offset(config.inputOffset())
          .momentum(config.momentum())
          .nesterov(config.nesterov())
          .weight_decay(config.weightDecay())
          .label_smoothing(config.labelSmoothing())
          .flip(config.flip())
          .shift(config.shift())
          .seed(config.seed())
          .threads(threads(options.threads()))
          .tf32(options.tf32())
          .cuda_graph(options.cudaGraph());
      engine =
          org.lenet4j.internal.binding.Engine.create(
              device.toString(), options.instructionSet(), nativeConfig);
      description = engine.description();
      resource = new NativeResource(this, "an engine on " + device, engine::close);
    } catch (RuntimeException e) {
      throw unusable(e.getMessage(), e);
    }
  }

  private LeNetException unusable(String reason, RuntimeException cause) {
    return new LeNetException("device " + device + " cannot be used: " + reason, cause);
  }

  /** Why the native library cannot be used here; empty if it can. */
  static String unavailableReason() {
    return Library.UNAVAILABLE;
  }

  /** The threads that a choice of {@link EngineOptions#threads} means. */
  static int threads(int chosen) {
    return chosen > 0 ? chosen : Math.min(Processors.usableCores(), EngineOptions.MAX_THREADS);
  }

  /** The instruction sets that the cpu engine can use here, best first. */
  static String[] instructionSets() {
    String reason = unavailableReason();
    if (!reason.isEmpty()) {
      throw new LeNetException(reason);
    }
    return LeNetNative.cpu_instruction_sets().split(" ");
  }

  /** Whether this is the tests' stand-in for a GPU; nothing may pass for one that is not. */
  boolean isEmulated() {
    return description.startsWith(device + EMULATED);
  }

  @Override
  public String device() {
    return isEmulated() ? device + EMULATED : device.toString();
  }

  @Override
  public String description() {
    return description;
  }

  @Override
  int doAddDataset(Dataset dataset) {
    return guarded(() -> engine.add_dataset(dataset.pixels(), dataset.labels(), dataset.size()));
  }

  @Override
  void doRemoveDataset(int dataset) {
    perform(() -> engine.remove_dataset(dataset));
  }

  @Override
  void doStartEpoch(EpochPlan plan) {
    int[] order = plan.order();
    perform(
        () ->
            engine.start_epoch(
                plan.dataset(),
                plan.epoch(),
                order,
                order.length,
                plan.batchSize(),
                plan.learningRates()));
    // The cuda engine knows only now whether its steps can be replayed as graphs.
    description = guarded(engine::description);
  }

  @Override
  void doEndEpoch() {
    perform(engine::end_epoch);
  }

  @Override
  void doRun(int batches) {
    perform(() -> engine.run(batches));
  }

  @Override
  int doPosition() {
    return guarded(engine::batches_done);
  }

  @Override
  Metrics doTakeMetrics() {
    return guarded(() -> toJava(engine.take_metrics()));
  }

  @Override
  Metrics doEvaluate(int dataset) {
    return guarded(() -> toJava(engine.evaluate(dataset)));
  }

  @Override
  double doGradients(int dataset, int[] indices, float[] gradient) {
    return guarded(() -> engine.gradients(dataset, indices, indices.length, gradient));
  }

  @Override
  float[] doOutput(Layer layer, byte[] images, int count) {
    float[] output = new float[count * layer.size(config().classes())];
    perform(
        () ->
            engine.layer_output(
                LeNetNative.Layer.values()[layer.ordinal()], images, count, output));
    return output;
  }

  @Override
  float[] doPredict(byte[] images, int count) {
    float[] probabilities = new float[count * config().classes()];
    perform(() -> engine.predict(images, count, probabilities));
    return probabilities;
  }

  @Override
  float[] doParameters() {
    float[] parameters = new float[layout().size()];
    perform(() -> engine.read_parameters(parameters));
    return parameters;
  }

  @Override
  void doSetParameters(float[] parameters) {
    perform(() -> engine.write_parameters(parameters));
  }

  @Override
  EngineState doState() {
    float[] velocities = new float[layout().size()];
    perform(() -> engine.read_velocities(velocities));
    return new EngineState(
        doParameters(), velocities, doPosition(), guarded(() -> toJava(engine.metrics())));
  }

  @Override
  void doRestore(EngineState state) {
    doSetParameters(state.parameters());
    perform(() -> engine.write_velocities(state.velocities()));
    perform(() -> engine.set_batches_done(state.position()));
    try (org.lenet4j.internal.binding.Metrics metrics =
        new org.lenet4j.internal.binding.Metrics()) {
      metrics
          .loss_sum(state.metrics().lossSum())
          .correct(state.metrics().correct())
          .count(state.metrics().count());
      perform(() -> engine.set_metrics(metrics));
    }
  }

  @Override
  void doClose() {
    resource.close();
  }

  private static Metrics toJava(org.lenet4j.internal.binding.Metrics sums) {
    try (sums) {
      return new Metrics(sums.loss_sum(), sums.correct(), sums.count());
    }
  }

  /** The bindings throw plain RuntimeExceptions for what native code throws. */
  private static <T> T guarded(Supplier<T> call) {
    try {
      return call.get();
    } catch (RuntimeException e) {
      throw new LeNetException(e.getMessage(), e);
    }
  }

  private static void perform(Runnable call) {
    try {
      call.run();
    } catch (RuntimeException e) {
      throw new LeNetException(e.getMessage(), e);
    }
  }
}
