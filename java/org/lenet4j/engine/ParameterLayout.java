package org.lenet4j.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.lenet4j.data.Dataset;

/**
 * Where each parameter tensor lies in the arena of float32 that all engines share: PyTorch's order
 * and shapes, row-major, without gaps. 61,706 floats for ten classes.
 *
 * <p>Keep in sync with {@code lenet::ParameterLayout} in native/core/layout.h.
 *
 * @since 0.1.0
 */
public final class ParameterLayout {
  /** The most classes a network may have. */
  public static final int MAX_CLASSES = Dataset.MAX_CLASSES;

  /**
   * One parameter tensor.
   *
   * @param name the layer's name, such as {@code conv1.weight}
   * @param key its key in the {@code state_dict} of the chapter's Sequential, such as {@code
   *     0.weight}
   * @param shape its shape in PyTorch's order
   * @param offset index of its first float in the arena
   * @param length number of floats
   * @param fanIn inputs that reach one output (kernel area included)
   * @param fanOut outputs that one input reaches (kernel area included)
   * @since 0.1.0
   */
  public record Tensor(
      String name, String key, List<Integer> shape, int offset, int length, int fanIn, int fanOut) {
    public Tensor {
      Objects.requireNonNull(name, "name must not be null");
      Objects.requireNonNull(key, "key must not be null");
      shape = List.copyOf(Objects.requireNonNull(shape, "shape must not be null"));
    }

    /** {@return whether this is a weight and not a bias} */
    public boolean isWeight() {
      return shape.size() > 1;
    }
  }

  private final int classes;
  private final List<Tensor> tensors;
  private final int size;

  private ParameterLayout(int classes) {
    this.classes = classes;
    List<Tensor> list = new ArrayList<>();
    int end = 0;
    end = add(list, end, "conv1", "0", 1, 6, 5);
    end = add(list, end, "conv2", "3", 6, 16, 5);
    end = add(list, end, "fc1", "7", 400, 120, 1);
    end = add(list, end, "fc2", "9", 120, 84, 1);
    end = add(list, end, "fc3", "11", 84, classes, 1);
    this.tensors = List.copyOf(list);
    this.size = end;
  }

  /**
   * {@return the layout of a network with so many classes}
   *
   * @param classes 1 to {@link #MAX_CLASSES}
   * @throws IllegalArgumentException if they are out of range
   */
  public static ParameterLayout of(int classes) {
    if (classes < 1 || classes > MAX_CLASSES) {
      throw new IllegalArgumentException(
          "classes must be 1 to " + MAX_CLASSES + ", was " + classes);
    }
    return new ParameterLayout(classes);
  }

  private static int add(
      List<Tensor> list, int offset, String name, String key, int in, int out, int kernel) {
    int fanIn = in * kernel * kernel;
    int fanOut = out * kernel * kernel;
    int weights = out * fanIn;
    List<Integer> shape = kernel == 1 ? List.of(out, in) : List.of(out, in, kernel, kernel);
    list.add(new Tensor(name + ".weight", key + ".weight", shape, offset, weights, fanIn, fanOut));
    list.add(
        new Tensor(
            name + ".bias", key + ".bias", List.of(out), offset + weights, out, fanIn, fanOut));
    return offset + weights + out;
  }

  /** {@return the number of classes} */
  public int classes() {
    return classes;
  }

  /** {@return the tensors in arena order: weight and bias of conv1, conv2, fc1, fc2, fc3} */
  public List<Tensor> tensors() {
    return tensors;
  }

  /**
   * {@return the tensor of the given name, such as {@code fc3.bias}}
   *
   * @param name of a layer and a parameter
   * @throws IllegalArgumentException if there is none of this name
   */
  public Tensor tensor(String name) {
    Objects.requireNonNull(name, "name must not be null");
    return tensors.stream()
        .filter(tensor -> tensor.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("no parameter tensor " + name));
  }

  /** {@return the number of floats in the arena} */
  public int size() {
    return size;
  }
}
