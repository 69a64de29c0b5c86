package org.lenet4j.engine;

/**
 * The function after each convolution and after the first two dense layers.
 *
 * <p>Keep the order in sync with {@code lenet::Activation} in native/include/lenet/engine.h.
 */
public enum Activation {
  /** 1 / (1 + exp(-x)), the chapter's. */
  SIGMOID("Sigmoid"),
  TANH("Tanh"),
  /** max(x, 0), with derivative 0 at 0. */
  RELU("ReLU");

  private final String moduleName;

  Activation(String moduleName) {
    this.moduleName = moduleName;
  }

  /** The name of PyTorch's module, for the layer-shape print. */
  public String moduleName() {
    return moduleName;
  }
}
