package org.lenet4j.engine;

/**
 * How a window of 2 x 2 becomes one value; stride 2.
 *
 * <p>Keep the order in sync with {@code lenet::Pooling} in native/include/lenet/engine.h.
 *
 * @since 0.1.0
 */
public enum Pooling {
  /** The mean of the window, the chapter's. */
  AVG("AvgPool2d"),
  /** The largest value; on a tie the gradient goes to the first one in row order. */
  MAX("MaxPool2d");

  private final String moduleName;

  Pooling(String moduleName) {
    this.moduleName = moduleName;
  }

  /** {@return the name of PyTorch's module, for the layer-shape print} */
  public String moduleName() {
    return moduleName;
  }
}
