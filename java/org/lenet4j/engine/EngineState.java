package org.lenet4j.engine;

import java.util.Objects;

/**
 * All that a bit-exact continuation needs beside the configuration and the epoch's plan.
 *
 * @param parameters the parameter arena, see {@link ParameterLayout}
 * @param velocities the momentum buffers in the same layout; all zero without momentum
 * @param position mini-batches of the current epoch already done
 * @param metrics sums since they were last taken
 * @since 0.1.0
 */
public record EngineState(float[] parameters, float[] velocities, int position, Metrics metrics) {
  public EngineState {
    Objects.requireNonNull(parameters, "parameters must not be null");
    Objects.requireNonNull(velocities, "velocities must not be null");
    Objects.requireNonNull(metrics, "metrics must not be null");
  }
}
