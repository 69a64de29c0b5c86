package org.lenet4j.engine;

import java.lang.System.Logger.Level;
import java.util.Objects;
import java.util.Optional;
import org.lenet4j.LeNetException;
import org.lenet4j.internal.binding.LeNetNative;

/**
 * Opens engines: the one place that chooses between them.
 *
 * @since 0.1.0
 */
public final class Engines {
  private Engines() {}

  /**
   * An engine on the given device, its parameters all zero.
   *
   * <p>{@link Device.Kind#AUTO} takes the fastest device that works: cuda, cpu, java. It logs one
   * line on why it did not take a faster one; none where nothing hints at a GPU, but see {@link
   * #whyNoGpu}.
   *
   * @param device where to compute
   * @param config what to compute
   * @param options how; what the device does not know is ignored
   * @return the engine, to be closed
   * @throws LeNetException if the device cannot be used here; the message says why
   */
  public static Engine open(Device device, EngineConfig config, EngineOptions options) {
    Objects.requireNonNull(device, "device must not be null");
    Objects.requireNonNull(config, "config must not be null");
    Objects.requireNonNull(options, "options must not be null");
    return switch (device.kind()) {
      case JAVA -> new JavaEngine(config);
      case CPU, CUDA -> new NativeEngine(device, config, options);
      case AUTO -> openBest(config, options);
    };
  }

  /**
   * Why {@link Device.Kind#AUTO} takes no GPU where nothing hints at one, for those who are about
   * to compute so much that they may want one.
   *
   * @return one line; empty where {@link #open} has logged it
   */
  public static Optional<String> whyNoGpu() {
    return CudaLibrary.isExpected()
        ? Optional.empty()
        : Optional.of(CudaLibrary.briefUnavailableReason());
  }

  /**
   * {@return the number of engines with native memory that are open; 0 when every one has been
   * closed}
   */
  public static int liveCount() {
    return NativeResource.live();
  }

  /**
   * {@return the bytes of native memory that all open engines hold for parameters, activations and
   * datasets} What engines hold on GPUs is not counted.
   */
  public static long nativeBytes() {
    return NativeEngine.unavailableReason().isEmpty() ? LeNetNative.native_bytes() : 0;
  }

  private static Engine openBest(EngineConfig config, EngineOptions options) {
    String reason = NativeEngine.unavailableReason();
    if (!reason.isEmpty()) {
      log(
          Level.WARNING,
          "using the slow java engine, since the native one does not work: {0}",
          reason);
      return new JavaEngine(config);
    }
    reason = CudaLibrary.briefUnavailableReason();
    if (reason.isEmpty()) {
      try {
        NativeEngine engine = new NativeEngine(Device.cuda(0), config, options);
        if (!engine.isEmulated()) {
          return engine;
        }
        engine.close();
        reason = "cuda:0 is not a GPU but emulated";
      } catch (LeNetException e) {
        reason = e.getMessage();
      }
    }
    if (CudaLibrary.isExpected()) {
      log(Level.INFO, "using device cpu, not cuda: {0}", reason);
    }
    return new NativeEngine(Device.cpu(), config, options);
  }

  /** The logger is made only when needed, since it takes time to load. */
  private static void log(Level level, String message, String reason) {
    System.getLogger(Engines.class.getName()).log(level, message, reason);
  }
}
