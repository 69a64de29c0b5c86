package org.lenet4j.training;

import org.lenet4j.engine.CounterRandom;
import org.lenet4j.engine.CounterRandom.Stream;
import org.lenet4j.engine.ParameterLayout;

/**
 * The parameters that training starts from: weights uniform in (-a, a), the bound a depending on
 * the initialiser. Biases always keep PyTorch's default, U(-b, b) with b = 1 / sqrt(fan_in), since
 * the chapter re-initialises the weights only.
 */
public enum Initializer {
  /** Xavier (Glorot), the chapter's: a = sqrt(6 / (fan_in + fan_out)). */
  XAVIER {
    @Override
    double bound(ParameterLayout.Tensor weight) {
      return Math.sqrt(6.0 / (weight.fanIn() + weight.fanOut()));
    }
  },

  /** He (Kaiming), for ReLU: a = sqrt(6 / fan_in). */
  HE {
    @Override
    double bound(ParameterLayout.Tensor weight) {
      return Math.sqrt(6.0 / weight.fanIn());
    }
  };

  abstract double bound(ParameterLayout.Tensor weight);

  /**
   * The same arena for the same seed, on every machine.
   *
   * @return as many floats as the layout has
   */
  public float[] parameters(ParameterLayout layout, long seed) {
    float[] arena = new float[layout.size()];
    for (ParameterLayout.Tensor tensor : layout.tensors()) {
      double bound = tensor.isWeight() ? bound(tensor) : 1 / Math.sqrt(tensor.fanIn());
      for (int i = tensor.offset(); i < tensor.offset() + tensor.length(); i++) {
        double uniform = CounterRandom.uniform(seed, Stream.INIT, 0, i);
        arena[i] = (float) ((2 * uniform - 1) * bound);
      }
    }
    return arena;
  }
}
