package org.lenet4j.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.IntStream;
import org.bytedeco.cuda.global.cudnn;
import org.bytedeco.javacpp.Loader;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.lenet4j.data.Dataset;

/**
 * The cuda engine against the same network written a second time: convolutions and poolings by
 * cuDNN, dense layers by cuBLAS, both called from Java through the JavaCPP Presets for CUDA, the
 * rest by plain loops. What the engine asks of the libraries is so compared with what somebody else
 * asks, call by call.
 */
@EnabledIfSystemProperty(named = "lenet4j.tests.cuda", matches = "true")
class PresetsParityTest {
  private static final int[] BATCHES = {1, 17, 96};

  /** Both sides round. */
  private static final double FORWARD = 2 * Closeness.FORWARD_CHAIN;

  private static final double BACKWARD = 2 * Closeness.BACKWARD_CHAIN;

  @BeforeAll
  static void loadPresets() {
    // Fails with the missing library's name; skipping here would hide that nothing was compared.
    Loader.load(cudnn.class);
  }

  @Test
  void sigmoid() {
    check(
        EngineConfig.CLASSIC.withVariant(Activation.SIGMOID, Pooling.AVG),
        z -> 1 / (1 + Math.exp(-z)),
        y -> y * (1 - y));
  }

  @Test
  void tanh() {
    check(
        EngineConfig.CLASSIC.withVariant(Activation.TANH, Pooling.AVG), Math::tanh, y -> 1 - y * y);
  }

  private static void check(
      EngineConfig config, DoubleUnaryOperator activation, DoubleUnaryOperator derivative) {
    for (int batch : BATCHES) {
      int[] examples = IntStream.range(0, batch).toArray();
      float[] parameters = Examples.parameters(config);
      try (PresetsCuda cuda = new PresetsCuda();
          Dataset data = Examples.dataset(examples, config.classes());
          Engine engine = Engines.open(Device.cuda(0), config, EngineOptions.DEFAULT)) {
        engine.setParameters(parameters);
        byte[] pixels = Examples.images(examples);
        Network network = new Network(cuda, config, parameters, batch, activation, derivative);
        network.forward(pixels);
        network.outputs.forEach(
            (layer, expected) ->
                Closeness.check(
                    "batch " + batch + ", " + layer,
                    engine.output(layer, pixels),
                    expected,
                    FORWARD));
        assertThat(network.outputs).hasSize(Layer.values().length - 1);

        float[] gradient = new float[config.layout().size()];
        engine.gradients(engine.addDataset(data), examples, gradient);
        int[] labels =
            IntStream.of(examples).map(n -> Examples.label(n, config.classes())).toArray();
        Closeness.checkArena(
            "batch " + batch + ", gradient of",
            config.layout(),
            gradient,
            network.backward(labels),
            BACKWARD,
            0);
      }
    }
  }

  /** LeNet, layer by layer. */
  private static final class Network {
    /** Of every layer but the flattening, which moves nothing. */
    final Map<Layer, float[]> outputs = new EnumMap<>(Layer.class);

    private final PresetsCuda cuda;
    private final EngineConfig config;
    private final float[] parameters;
    private final int batch;
    private final DoubleUnaryOperator activation;
    private final DoubleUnaryOperator derivative;
    private final PresetsCuda.Convolution conv1;
    private final PresetsCuda.Convolution conv2;
    private final float[] gradient;
    private float[] x;

    Network(
        PresetsCuda cuda,
        EngineConfig config,
        float[] parameters,
        int batch,
        DoubleUnaryOperator activation,
        DoubleUnaryOperator derivative) {
      this.cuda = cuda;
      this.config = config;
      this.parameters = parameters;
      this.batch = batch;
      this.activation = activation;
      this.derivative = derivative;
      conv1 = new PresetsCuda.Convolution(batch, 1, 6, 28, 2);
      conv2 = new PresetsCuda.Convolution(batch, 6, 16, 14, 0);
      gradient = new float[parameters.length];
    }

    void forward(byte[] pixels) {
      x = new float[pixels.length];
      for (int i = 0; i < x.length; i++) {
        x[i] = (pixels[i] & 0xff) * config.inputScale() + config.inputOffset();
      }
      float[] a = x;
      a = biasAndActivate("conv1", 28 * 28, cuda.convolve(conv1, a, weight("conv1")), Layer.CONV1);
      a = put(Layer.POOL1, cuda.averagePool(batch, 6, 28, a));
      a = biasAndActivate("conv2", 10 * 10, cuda.convolve(conv2, a, weight("conv2")), Layer.CONV2);
      a = put(Layer.POOL2, cuda.averagePool(batch, 16, 10, a));
      a = biasAndActivate("fc1", 1, dense("fc1", 400, 120, a), Layer.FC1);
      a = biasAndActivate("fc2", 1, dense("fc2", 120, 84, a), Layer.FC2);
      a = dense("fc3", 84, config.classes(), a);
      put(Layer.FC3, addBias("fc3", 1, a));
    }

    float[] backward(int[] labels) {
      float[] d = lossGradient(labels);
      d = denseBackward("fc3", 84, config.classes(), outputs.get(Layer.FC2_ACTIVATION), d);
      d = timesDerivative(Layer.FC2_ACTIVATION, d);
      d = denseBackward("fc2", 120, 84, outputs.get(Layer.FC1_ACTIVATION), d);
      d = timesDerivative(Layer.FC1_ACTIVATION, d);
      d = denseBackward("fc1", 400, 120, outputs.get(Layer.POOL2), d);
      d = poolBackward(16, 10, Layer.CONV2_ACTIVATION, Layer.POOL2, d);
      sumBias("conv2", 10 * 10, d);
      store("conv2.weight", cuda.convolveBackwardFilter(conv2, outputs.get(Layer.POOL1), d));
      d = cuda.convolveBackwardData(conv2, d, weight("conv2"));
      d = poolBackward(6, 28, Layer.CONV1_ACTIVATION, Layer.POOL1, d);
      sumBias("conv1", 28 * 28, d);
      store("conv1.weight", cuda.convolveBackwardFilter(conv1, x, d));
      return gradient;
    }

    private float[] dense(String name, int in, int out, float[] a) {
      return cuda.multiply(batch, out, in, a, false, weight(name), true);
    }

    /** Stores the gradients of weight and bias, and returns the input's. */
    private float[] denseBackward(String name, int in, int out, float[] a, float[] d) {
      sumBias(name, 1, d);
      store(name + ".weight", cuda.multiply(out, in, batch, d, true, a, false));
      return cuda.multiply(batch, in, out, d, false, weight(name), false);
    }

    private float[] poolBackward(int channels, int size, Layer in, Layer out, float[] d) {
      float[] large =
          cuda.averagePoolBackward(batch, channels, size, outputs.get(in), outputs.get(out), d);
      return timesDerivative(in, large);
    }

    private float[] biasAndActivate(String name, int area, float[] z, Layer layer) {
      put(layer, addBias(name, area, z));
      float[] a = new float[z.length];
      for (int i = 0; i < a.length; i++) {
        a[i] = (float) activation.applyAsDouble(z[i]);
      }
      return put(Layer.values()[layer.ordinal() + 1], a);
    }

    /** z [n][c][area], in place. */
    private float[] addBias(String name, int area, float[] z) {
      float[] bias = tensor(name + ".bias");
      for (int i = 0; i < z.length; i++) {
        z[i] += bias[i / area % bias.length];
      }
      return z;
    }

    private void sumBias(String name, int area, float[] d) {
      double[] sums = new double[tensor(name + ".bias").length];
      for (int i = 0; i < d.length; i++) {
        sums[i / area % sums.length] += d[i];
      }
      float[] rounded = new float[sums.length];
      for (int i = 0; i < sums.length; i++) {
        rounded[i] = (float) sums[i];
      }
      store(name + ".bias", rounded);
    }

    private float[] timesDerivative(Layer layer, float[] d) {
      float[] a = outputs.get(layer);
      for (int i = 0; i < d.length; i++) {
        d[i] *= (float) derivative.applyAsDouble(a[i]);
      }
      return d;
    }

    /** Of the mean softmax cross-entropy. */
    private float[] lossGradient(int[] labels) {
      int classes = config.classes();
      float[] logits = outputs.get(Layer.FC3);
      float[] d = new float[logits.length];
      for (int n = 0; n < batch; n++) {
        double sum = 0;
        for (int c = 0; c < classes; c++) {
          sum += Math.exp(logits[n * classes + c]);
        }
        for (int c = 0; c < classes; c++) {
          double target = c == labels[n] ? 1 : 0;
          d[n * classes + c] = (float) ((Math.exp(logits[n * classes + c]) / sum - target) / batch);
        }
      }
      return d;
    }

    private float[] put(Layer layer, float[] values) {
      outputs.put(layer, values);
      return values;
    }

    private float[] weight(String name) {
      return tensor(name + ".weight");
    }

    private float[] tensor(String name) {
      ParameterLayout.Tensor tensor = find(name);
      return Arrays.copyOfRange(parameters, tensor.offset(), tensor.offset() + tensor.length());
    }

    private void store(String name, float[] values) {
      ParameterLayout.Tensor tensor = find(name);
      assertThat(values).as(name).hasSize(tensor.length());
      System.arraycopy(values, 0, gradient, tensor.offset(), values.length);
    }

    private ParameterLayout.Tensor find(String name) {
      return config.layout().tensor(name);
    }
  }
}
