package org.lenet4j.engine;

/**
 * The function after each convolution and after the first two dense layers.
 *
 * <p>Keep the order in sync with {@code lenet::Activation} in native/include/lenet/engine.h.
 *
 * @since 0.1.0
 */
public enum Activation {
  /** 1 / (1 + exp(-x)), the chapter's. */
  SIGMOID("Sigmoid"),
  /** The hyperbolic tangent. */
  TANH("Tanh"),
  /** The rectifier max(x, 0), with derivative 0 at 0. */
  RELU("ReLU");

  private final String moduleName;

  Activation(String moduleName) {
    this.moduleName = moduleName;
  }

  /** {@return the name of PyTorch's module, for the layer-shape print} */
  public String moduleName() {
    return moduleName;
  }
}
