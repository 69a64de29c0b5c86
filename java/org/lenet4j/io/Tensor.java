package org.lenet4j.io;

import java.util.List;
import java.util.Objects;

/**
 * A named float32 tensor.
 *
 * @param shape extents in PyTorch's order; empty for a scalar
 * @param values row-major, as many as the product of the shape
 */
public record Tensor(String name, List<Integer> shape, float[] values) {
  public Tensor {
    Objects.requireNonNull(name, "name must not be null");
    Objects.requireNonNull(values, "values must not be null");
    shape = List.copyOf(Objects.requireNonNull(shape, "shape must not be null"));
    long size = 1;
    for (int extent : shape) {
      if (extent < 0) {
        throw new IllegalArgumentException(name + " has the negative extent " + extent);
      }
      size = Math.multiplyExact(size, (long) extent);
    }
    if (size != values.length) {
      throw new IllegalArgumentException(
          "%s of shape %s needs %d values, got %d".formatted(name, shape, size, values.length));
    }
  }
}
