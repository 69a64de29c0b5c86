package org.lenet4j.engine;

import java.util.Objects;

/**
 * The layers of the chapter's Sequential, in order. Shapes are per image, in PyTorch's order
 * (channels, height, width); the last layer's size is the number of classes.
 *
 * <p>Keep the order in sync with {@code lenet::Layer} in native/include/lenet/engine.h.
 *
 * @since 0.1.0
 */
public enum Layer {
  /** 5 x 5 convolution, padding 2, before its activation. */
  CONV1(6, 28, 28),
  /** The activation of conv1. */
  CONV1_ACTIVATION(6, 28, 28),
  /** The first pooling, 2 x 2 with stride 2. */
  POOL1(6, 14, 14),
  /** 5 x 5 convolution without padding, before its activation. */
  CONV2(16, 10, 10),
  /** The activation of conv2. */
  CONV2_ACTIVATION(16, 10, 10),
  /** The second pooling, 2 x 2 with stride 2. */
  POOL2(16, 5, 5),
  /** The feature maps as one row; nothing is computed. */
  FLATTEN(400),
  /** The first dense layer, before its activation. */
  FC1(120),
  /** The activation of fc1. */
  FC1_ACTIVATION(120),
  /** The second dense layer, before its activation. */
  FC2(84),
  /** The activation of fc2. */
  FC2_ACTIVATION(84),
  /** The logits. */
  FC3(-1);

  @SuppressWarnings("ImmutableEnumChecker") // Only copies leave this class.
  private final int[] shape;

  Layer(int... shape) {
    this.shape = shape;
  }

  /**
   * {@return the shape of this layer's output for one image}
   *
   * @param classes of the network
   */
  public int[] shape(int classes) {
    return this == FC3 ? new int[] {classes} : shape.clone();
  }

  /**
   * {@return the number of floats in this layer's output for one image}
   *
   * @param classes of the network
   */
  public int size(int classes) {
    int size = 1;
    for (int extent : shape(classes)) {
      size *= extent;
    }
    return size;
  }

  /**
   * {@return the name of PyTorch's module, as the chapter prints it}
   *
   * @param activation of the network
   * @param pooling of the network
   */
  public String moduleName(Activation activation, Pooling pooling) {
    Objects.requireNonNull(activation, "activation must not be null");
    Objects.requireNonNull(pooling, "pooling must not be null");
    return switch (this) {
      case CONV1, CONV2 -> "Conv2d";
      case POOL1, POOL2 -> pooling.moduleName();
      case FLATTEN -> "Flatten";
      case FC1, FC2, FC3 -> "Linear";
      default -> activation.moduleName();
    };
  }
}
