package org.lenet4j.training;

import org.lenet4j.engine.CounterRandom;
import org.lenet4j.engine.CounterRandom.Stream;
import org.lenet4j.engine.ParameterLayout;

/**
 * The parameters that training starts from.
 *
 * <p>As in the chapter, which re-initialises the weights only: weights Xavier-uniform, U(-a, a)
 * with a = sqrt(6 / (fan_in + fan_out)); biases keep PyTorch's default, U(-b, b) with b = 1 /
 * sqrt(fan_in).
 */
public final class Initializer {
  private Initializer() {}

  /**
   * The same arena for the same seed, on every machine.
   *
   * @return as many floats as the layout has
   */
  public static float[] xavier(ParameterLayout layout, long seed) {
    float[] arena = new float[layout.size()];
    for (ParameterLayout.Tensor tensor : layout.tensors()) {
      double bound =
          tensor.isWeight()
              ? Math.sqrt(6.0 / (tensor.fanIn() + tensor.fanOut()))
              : 1 / Math.sqrt(tensor.fanIn());
      for (int i = tensor.offset(); i < tensor.offset() + tensor.length(); i++) {
        double uniform = CounterRandom.uniform(seed, Stream.INIT, 0, i);
        arena[i] = (float) ((2 * uniform - 1) * bound);
      }
    }
    return arena;
  }
}
