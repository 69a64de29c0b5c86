package org.lenet4j.engine;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import org.lenet4j.LeNetException;

/** Opens engines: the one place that chooses between them. */
public final class Engines {
  private static final Logger LOGGER = System.getLogger(Engines.class.getName());

  private Engines() {}

  /**
   * An engine on the given device, its parameters all zero.
   *
   * <p>{@link Device.Kind#AUTO} takes the fastest device that works; where the native library
   * cannot be used it falls back to the java engine and logs one line with the reason.
   *
   * @throws LeNetException if the device cannot be used here; the message says why
   */
  public static Engine open(Device device, EngineConfig config, EngineOptions options) {
    return switch (device.kind()) {
      case JAVA -> new JavaEngine(config);
      case CPU -> new NativeEngine(config, options);
      case CUDA ->
          throw new LeNetException(
              "device "
                  + device
                  + " cannot be used: this version of lenet4j has no CUDA engine; use --device cpu");
      case AUTO -> {
        String reason = NativeEngine.unavailableReason();
        if (reason.isEmpty()) {
          yield new NativeEngine(config, options);
        }
        LOGGER.log(
            Level.WARNING,
            "using the slow java engine, since the native one does not work: {0}",
            reason);
        yield new JavaEngine(config);
      }
    };
  }
}
