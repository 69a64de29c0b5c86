package org.lenet4j.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The reference's gradients against the slope of its own loss, all in double. */
class FiniteDifferenceTest {
  /**
   * Float32 parameters near 0.1 can take this step, and no activation moves by as much as the
   * smooth images keep from their kinks. The slope's error is of the square of the step.
   */
  private static final float STEP = 0x1p-21f;

  /** Rounding: epsilon of double, times the loss, by the step. */
  private static final double NOISE = 4 * 0x1p-53 * 2.5 / 0x1p-21;

  @ParameterizedTest
  @CsvSource({
    "SIGMOID,AVG,0",
    "SIGMOID,MAX,0",
    "TANH,AVG,0",
    "TANH,MAX,0",
    "RELU,AVG,0",
    "RELU,MAX,0",
    "SIGMOID,AVG,0.2"
  })
  void gradientIsTheSlopeOfTheLoss(Activation activation, Pooling pooling, float smoothing) {
    EngineConfig config =
        EngineConfig.CLASSIC
            .withVariant(activation, pooling)
            .withInput(1 / 255f / 0.353f, -0.286f / 0.353f);
    ParameterLayout layout = config.layout();
    float[] parameters = Examples.parameters(config);
    byte[] image = Examples.image(Examples.smoothImages(config, parameters, 1)[0]);
    int label = 3;
    ReferenceNetwork network = new ReferenceNetwork(config);
    double[] gradient = new double[layout.size()];
    network.forward(parameters, image, 0);
    network.backward(parameters, label, smoothing, gradient);

    Random random = new Random(7);
    for (ParameterLayout.Tensor tensor : layout.tensors()) {
      double largest =
          Arrays.stream(gradient, tensor.offset(), tensor.offset() + tensor.length())
              .map(Math::abs)
              .max()
              .orElseThrow();
      assertThat(largest).as(tensor.name() + " has a gradient").isPositive();
      for (int sample = 0; sample < 12; sample++) {
        int i = tensor.offset() + random.nextInt(tensor.length());
        float middle = parameters[i];
        parameters[i] = middle + STEP;
        double width = parameters[i];
        double above = loss(network, parameters, image, label, smoothing);
        parameters[i] = middle - STEP;
        width -= parameters[i];
        double below = loss(network, parameters, image, label, smoothing);
        parameters[i] = middle;
        assertThat((above - below) / width)
            .as("%s[%d]", tensor.name(), i - tensor.offset())
            .isCloseTo(gradient[i], within(1e-5 * largest + NOISE));
      }
    }
  }

  private static double loss(
      ReferenceNetwork network, float[] parameters, byte[] image, int label, float smoothing) {
    return ReferenceLayers.crossEntropy(
        network.forward(parameters, image, 0), label, smoothing, null);
  }
}
