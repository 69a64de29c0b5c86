package org.lenet4j.training;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.lenet4j.LeNetException;
import org.lenet4j.data.Dataset;
import org.lenet4j.engine.CounterRandom;
import org.lenet4j.engine.CounterRandom.Stream;
import org.lenet4j.engine.Engine;
import org.lenet4j.engine.EngineConfig;
import org.lenet4j.engine.Layer;
import org.lenet4j.engine.ParameterLayout;

/** Makes the summary of a network from a real forward pass of a random image. */
final class Summaries {
  private Summaries() {}

  static List<LayerSummary> of(Engine engine) {
    EngineConfig config = engine.config();
    byte[] image = randomImage();
    List<LayerSummary> lines = new ArrayList<>();
    for (Layer layer : Layer.values()) {
      int length = engine.output(layer, image).length;
      if (length != layer.size(config.classes())) {
        throw new LeNetException(
            "the %s engine put out %d values for %s, expected %d"
                .formatted(engine.device(), length, layer, layer.size(config.classes())));
      }
      List<Integer> shape = new ArrayList<>(List.of(1));
      for (int extent : layer.shape(config.classes())) {
        shape.add(extent);
      }
      lines.add(
          new LayerSummary(
              layer,
              layer.moduleName(config.activation(), config.pooling()),
              List.copyOf(shape),
              parameters(config.layout(), layer),
              multiplyAdds(config.layout(), layer)));
    }
    return lines;
  }

  private static byte[] randomImage() {
    byte[] image = new byte[Dataset.PIXELS];
    for (int i = 0; i < image.length; i++) {
      image[i] = (byte) (256 * CounterRandom.uniform(0, Stream.SAMPLE, 0, i));
    }
    return image;
  }

  private static long parameters(ParameterLayout layout, Layer layer) {
    return layout.tensors().stream()
        .filter(tensor -> belongs(tensor, layer))
        .mapToLong(ParameterLayout.Tensor::length)
        .sum();
  }

  /** Every output of a layer with weights takes fan_in of them. */
  private static long multiplyAdds(ParameterLayout layout, Layer layer) {
    return layout.tensors().stream()
        .filter(tensor -> tensor.isWeight() && belongs(tensor, layer))
        .mapToLong(tensor -> (long) layer.size(layout.classes()) * tensor.fanIn())
        .sum();
  }

  private static boolean belongs(ParameterLayout.Tensor tensor, Layer layer) {
    return tensor.name().startsWith(layer.name().toLowerCase(Locale.ROOT) + ".");
  }
}
