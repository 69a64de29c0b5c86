package org.lenet4j.training;

import java.util.List;
import java.util.Objects;
import org.lenet4j.engine.Layer;

/**
 * One line of a network's summary.
 *
 * @param layer which one
 * @param module name of PyTorch's module, such as {@code Conv2d}
 * @param shape of its output for one image, the batch extent 1 included
 * @param parameters weights and biases
 * @param multiplyAdds of the forward pass of one image; convolutions and dense layers only, the
 *     others have next to nothing
 * @since 0.1.0
 */
public record LayerSummary(
    Layer layer, String module, List<Integer> shape, long parameters, long multiplyAdds) {
  public LayerSummary {
    Objects.requireNonNull(layer, "layer must not be null");
    Objects.requireNonNull(module, "module must not be null");
    shape = List.copyOf(Objects.requireNonNull(shape, "shape must not be null"));
  }

  /** {@return the floating-point operations of the forward pass: a multiply-add is two} */
  public long flops() {
    return 2 * multiplyAdds;
  }
}
