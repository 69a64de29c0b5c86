package org.lenet4j.training;

import java.util.Objects;
import org.lenet4j.engine.CounterRandom;
import org.lenet4j.engine.CounterRandom.Stream;
import org.lenet4j.engine.ParameterLayout;

/**
 * The parameters that training starts from: weights uniform in (-a, a) and biases uniform in (-b,
 * b), the bounds depending on the initialiser.
 *
 * @since 0.1.0
 */
public enum Initializer {
  /**
   * Xavier (Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural
   * networks", AISTATS 2010), the chapter's: a = sqrt(6 / (fan_in + fan_out)). Biases keep
   * PyTorch's default, b = 1 / sqrt(fan_in), since the chapter re-initialises the weights only.
   */
  XAVIER {
    @Override
    double bound(ParameterLayout.Tensor tensor) {
      return tensor.isWeight()
          ? Math.sqrt(6.0 / (tensor.fanIn() + tensor.fanOut()))
          : 1 / Math.sqrt(tensor.fanIn());
    }
  },

  /**
   * He (He et al., "Delving deep into rectifiers", ICCV 2015), for ReLU: a = sqrt(6 / fan_in),
   * biases 0.
   */
  HE {
    @Override
    double bound(ParameterLayout.Tensor tensor) {
      return tensor.isWeight() ? Math.sqrt(6.0 / tensor.fanIn()) : 0;
    }
  };

  abstract double bound(ParameterLayout.Tensor tensor);

  /**
   * The same arena for the same seed, on every machine.
   *
   * @param layout of the network
   * @param seed any
   * @return as many floats as the layout has
   */
  public float[] parameters(ParameterLayout layout, long seed) {
    Objects.requireNonNull(layout, "layout must not be null");
    float[] arena = new float[layout.size()];
    for (ParameterLayout.Tensor tensor : layout.tensors()) {
      double bound = bound(tensor);
      for (int i = tensor.offset(); i < tensor.offset() + tensor.length(); i++) {
        double uniform = CounterRandom.uniform(seed, Stream.INIT, 0, i);
        arena[i] = (float) ((2 * uniform - 1) * bound);
      }
    }
    return arena;
  }
}
