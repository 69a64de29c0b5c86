package org.lenet4j.engine;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.lenet4j.data.Dataset;
import org.lenet4j.engine.CounterRandom.Stream;
import org.lenet4j.training.Initializer;

/** Weights and images by formula. */
public final class Examples {
  private static final int IMAGE_SEED = 2;
  private static final int LABEL_SEED = 3;

  private Examples() {}

  /** A dataset that a network can learn: one bright bar per class on a varied background. */
  public static Dataset bars(int count, int classes) {
    byte[] pixels = new byte[count * Dataset.PIXELS];
    int[] labels = new int[count];
    for (int n = 0; n < count; n++) {
      labels[n] = n % classes;
      for (int p = 0; p < Dataset.PIXELS; p++) {
        boolean bar = p / Dataset.WIDTH / 2 == labels[n] + 1;
        pixels[n * Dataset.PIXELS + p] = (byte) (bar ? 250 : (n * 31 + p * 7) % 40);
      }
    }
    return Dataset.of(pixels, labels);
  }

  /** Xavier weights and PyTorch's biases from seed 1. */
  public static float[] parameters(EngineConfig config) {
    return Initializer.XAVIER.parameters(config.layout(), 1);
  }

  /** As in tests/golden: a quarter of the pixels is 0, the others are uniform. */
  public static byte[] image(int n) {
    byte[] pixels = new byte[Dataset.PIXELS];
    for (int p = 0; p < pixels.length; p++) {
      long bits = CounterRandom.bits(IMAGE_SEED, Stream.SAMPLE, n, p);
      pixels[p] = bits >>> 62 == 0 ? 0 : (byte) (bits >>> 40);
    }
    return pixels;
  }

  static int label(int n, int classes) {
    return (int)
        Long.remainderUnsigned(CounterRandom.bits(LABEL_SEED, Stream.SAMPLE, 0, n), classes);
  }

  static byte[] images(int[] numbers) {
    byte[] pixels = new byte[numbers.length * Dataset.PIXELS];
    for (int i = 0; i < numbers.length; i++) {
      System.arraycopy(image(numbers[i]), 0, pixels, i * Dataset.PIXELS, Dataset.PIXELS);
    }
    return pixels;
  }

  static Dataset dataset(int[] numbers, int classes) {
    return Dataset.of(
        images(numbers), Arrays.stream(numbers).map(n -> label(n, classes)).toArray());
  }

  /** Images 0, 1, 2, ... */
  static Dataset dataset(int count, int classes) {
    return dataset(IntStream.range(0, count).toArray(), classes);
  }

  /**
   * The first images on which the network has a derivative: no ReLU near its kink, no pooling
   * window with two almost equal largest values. Elsewhere one rounding error decides where a
   * gradient goes, and no two implementations need to agree.
   */
  static int[] smoothImages(EngineConfig config, float[] parameters, int count) {
    if (config.activation() != Activation.RELU && config.pooling() == Pooling.AVG) {
      return IntStream.range(0, count).toArray(); // It has one everywhere.
    }
    ReferenceNetwork network = new ReferenceNetwork(config);
    return IntStream.iterate(0, n -> n + 1)
        .filter(
            n -> {
              network.forward(parameters, image(n), 0);
              return isSmooth(config, network);
            })
        .limit(count)
        .toArray();
  }

  private static final double MARGIN = 1e-5;

  private static boolean isSmooth(EngineConfig config, ReferenceNetwork network) {
    if (config.activation() == Activation.RELU) {
      for (Layer layer : new Layer[] {Layer.CONV1, Layer.CONV2, Layer.FC1, Layer.FC2}) {
        if (Arrays.stream(network.output(layer)).anyMatch(z -> Math.abs(z) < MARGIN)) {
          return false;
        }
      }
    }
    return config.pooling() == Pooling.AVG
        || (isClear(network.output(Layer.CONV1_ACTIVATION), 6, 28)
            && isClear(network.output(Layer.CONV2_ACTIVATION), 16, 10));
  }

  private static boolean isClear(double[] planes, int channels, int size) {
    for (int y = 0; y < channels * size; y += 2) {
      for (int x = 0; x < size; x += 2) {
        int p = y * size + x;
        double[] window = {planes[p], planes[p + 1], planes[p + size], planes[p + size + 1]};
        Arrays.sort(window);
        double gap = window[3] - window[2];
        if (gap != 0 && gap < MARGIN) {
          return false;
        }
      }
    }
    return true;
  }
}
