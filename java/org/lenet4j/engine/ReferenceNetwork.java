package org.lenet4j.engine;

import java.util.EnumMap;
import java.util.Map;

/** The whole network for one image, layer after layer, from {@link ReferenceLayers}. */
final class ReferenceNetwork {
  private static final int IMAGE = 28;
  private static final int PADDING = 2;
  private static final int PADDED = IMAGE + 2 * PADDING;

  private final EngineConfig config;
  private final int[] offsets;
  private final double[] input = new double[PADDED * PADDED];
  private final Map<Layer, double[]> outputs = new EnumMap<>(Layer.class);
  private final Map<Layer, double[]> gradients = new EnumMap<>(Layer.class);

  ReferenceNetwork(EngineConfig config) {
    this.config = config;
    this.offsets =
        config.layout().tensors().stream().mapToInt(ParameterLayout.Tensor::offset).toArray();
    for (Layer layer : Layer.values()) {
      outputs.put(layer, new double[layer.size(config.classes())]);
      gradients.put(layer, new double[layer.size(config.classes())]);
    }
  }

  /** What the layer put out in the last forward pass. */
  double[] output(Layer layer) {
    return outputs.get(layer);
  }

  /**
   * Takes one image through all layers.
   *
   * @param pixels one image begins at {@code pixels[start]}
   * @return the logits
   */
  double[] forward(float[] arena, byte[] pixels, int start) {
    for (int y = 0; y < IMAGE; y++) {
      for (int x = 0; x < IMAGE; x++) {
        input[(y + PADDING) * PADDED + x + PADDING] =
            (pixels[start + y * IMAGE + x] & 0xff) * (double) config.inputScale()
                + config.inputOffset();
      }
    }
    ReferenceLayers.convForward(
        input, 1, PADDED, arena, offsets[0], offsets[1], 6, output(Layer.CONV1));
    activate(Layer.CONV1, Layer.CONV1_ACTIVATION);
    ReferenceLayers.poolForward(
        config.pooling(), output(Layer.CONV1_ACTIVATION), 6, IMAGE, output(Layer.POOL1));
    ReferenceLayers.convForward(
        output(Layer.POOL1), 6, 14, arena, offsets[2], offsets[3], 16, output(Layer.CONV2));
    activate(Layer.CONV2, Layer.CONV2_ACTIVATION);
    ReferenceLayers.poolForward(
        config.pooling(), output(Layer.CONV2_ACTIVATION), 16, 10, output(Layer.POOL2));
    System.arraycopy(output(Layer.POOL2), 0, output(Layer.FLATTEN), 0, 400);
    dense(arena, Layer.FLATTEN, 400, 4, Layer.FC1, 120);
    activate(Layer.FC1, Layer.FC1_ACTIVATION);
    dense(arena, Layer.FC1_ACTIVATION, 120, 6, Layer.FC2, 84);
    activate(Layer.FC2, Layer.FC2_ACTIVATION);
    dense(arena, Layer.FC2_ACTIVATION, 84, 8, Layer.FC3, config.classes());
    return output(Layer.FC3);
  }

  /**
   * Backward from the image of the last forward pass.
   *
   * @param gradient arena to which the gradient of this image's loss is added
   * @return the image's loss
   */
  double backward(float[] arena, int label, double smoothing, double[] gradient) {
    double loss =
        ReferenceLayers.crossEntropy(output(Layer.FC3), label, smoothing, gradients.get(Layer.FC3));
    denseBackward(arena, Layer.FC2_ACTIVATION, 84, 8, Layer.FC3, config.classes(), gradient);
    deactivate(Layer.FC2_ACTIVATION);
    denseBackward(arena, Layer.FC1_ACTIVATION, 120, 6, Layer.FC2_ACTIVATION, 84, gradient);
    deactivate(Layer.FC1_ACTIVATION);
    denseBackward(arena, Layer.POOL2, 400, 4, Layer.FC1_ACTIVATION, 120, gradient);
    ReferenceLayers.poolBackward(
        config.pooling(),
        output(Layer.CONV2_ACTIVATION),
        16,
        10,
        gradients.get(Layer.POOL2),
        gradients.get(Layer.CONV2_ACTIVATION));
    deactivate(Layer.CONV2_ACTIVATION);
    ReferenceLayers.convBackward(
        output(Layer.POOL1),
        6,
        14,
        arena,
        offsets[2],
        offsets[3],
        16,
        gradients.get(Layer.CONV2_ACTIVATION),
        gradient,
        gradients.get(Layer.POOL1));
    ReferenceLayers.poolBackward(
        config.pooling(),
        output(Layer.CONV1_ACTIVATION),
        6,
        IMAGE,
        gradients.get(Layer.POOL1),
        gradients.get(Layer.CONV1_ACTIVATION));
    deactivate(Layer.CONV1_ACTIVATION);
    ReferenceLayers.convBackward(
        input,
        1,
        PADDED,
        arena,
        offsets[0],
        offsets[1],
        6,
        gradients.get(Layer.CONV1_ACTIVATION),
        gradient,
        null);
    return loss;
  }

  private void dense(float[] arena, Layer from, int in, int tensor, Layer to, int out) {
    ReferenceLayers.denseForward(
        output(from), in, arena, offsets[tensor], offsets[tensor + 1], out, output(to));
  }

  private void denseBackward(
      float[] arena, Layer from, int in, int tensor, Layer to, int out, double[] gradient) {
    ReferenceLayers.denseBackward(
        output(from),
        in,
        arena,
        offsets[tensor],
        offsets[tensor + 1],
        out,
        gradients.get(to),
        gradient,
        gradients.get(from));
  }

  private void activate(Layer from, Layer to) {
    ReferenceLayers.activationForward(config.activation(), output(from), output(to));
  }

  /** From here on the gradient is that with respect to the value before the activation. */
  private void deactivate(Layer activation) {
    ReferenceLayers.activationBackward(
        config.activation(), output(activation), gradients.get(activation));
  }
}
