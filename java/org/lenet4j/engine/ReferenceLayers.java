package org.lenet4j.engine;

import java.util.Arrays;

/**
 * One plain function per layer and direction, for one image, in double: the definition that every
 * kernel is tested against. Nothing here is meant to be fast.
 *
 * <p>Arrays are row-major: images [channels][height][width], convolution weights
 * [out][in][KERNEL][KERNEL], dense weights [out][in]. Weights and biases are read from the float32
 * arena at the given offset; gradients are added to a double arena of the same layout. Forward
 * functions overwrite {@code output}; backward functions overwrite {@code dinput}, which may be
 * null where nobody needs it.
 */
final class ReferenceLayers {
  static final int KERNEL = 5;

  private ReferenceLayers() {}

  /** Valid cross-correlation, stride 1: output [out][inSize - 4][inSize - 4]. */
  static void convForward(
      double[] input,
      int in,
      int inSize,
      float[] arena,
      int weight,
      int bias,
      int out,
      double[] output) {
    int outSize = inSize - KERNEL + 1;
    for (int o = 0; o < out; o++) {
      for (int y = 0; y < outSize; y++) {
        for (int x = 0; x < outSize; x++) {
          double sum = arena[bias + o];
          for (int i = 0; i < in; i++) {
            for (int u = 0; u < KERNEL; u++) {
              for (int v = 0; v < KERNEL; v++) {
                sum +=
                    arena[weight + ((o * in + i) * KERNEL + u) * KERNEL + v]
                        * input[(i * inSize + y + u) * inSize + x + v];
              }
            }
          }
          output[(o * outSize + y) * outSize + x] = sum;
        }
      }
    }
  }

  static void convBackward(
      double[] input,
      int in,
      int inSize,
      float[] arena,
      int weight,
      int bias,
      int out,
      double[] doutput,
      double[] gradient,
      double[] dinput) {
    int outSize = inSize - KERNEL + 1;
    if (dinput != null) {
      Arrays.fill(dinput, 0);
    }
    for (int o = 0; o < out; o++) {
      for (int y = 0; y < outSize; y++) {
        for (int x = 0; x < outSize; x++) {
          double d = doutput[(o * outSize + y) * outSize + x];
          gradient[bias + o] += d;
          for (int i = 0; i < in; i++) {
            for (int u = 0; u < KERNEL; u++) {
              for (int v = 0; v < KERNEL; v++) {
                int w = weight + ((o * in + i) * KERNEL + u) * KERNEL + v;
                int p = (i * inSize + y + u) * inSize + x + v;
                gradient[w] += d * input[p];
                if (dinput != null) {
                  dinput[p] += d * arena[w];
                }
              }
            }
          }
        }
      }
    }
  }

  /** output [out] = weight x input [in] + bias. */
  static void denseForward(
      double[] input, int in, float[] arena, int weight, int bias, int out, double[] output) {
    for (int o = 0; o < out; o++) {
      double sum = arena[bias + o];
      for (int i = 0; i < in; i++) {
        sum += arena[weight + o * in + i] * input[i];
      }
      output[o] = sum;
    }
  }

  static void denseBackward(
      double[] input,
      int in,
      float[] arena,
      int weight,
      int bias,
      int out,
      double[] doutput,
      double[] gradient,
      double[] dinput) {
    Arrays.fill(dinput, 0);
    for (int o = 0; o < out; o++) {
      double d = doutput[o];
      gradient[bias + o] += d;
      for (int i = 0; i < in; i++) {
        gradient[weight + o * in + i] += d * input[i];
        dinput[i] += d * arena[weight + o * in + i];
      }
    }
  }

  static void activationForward(Activation activation, double[] z, double[] output) {
    for (int i = 0; i < z.length; i++) {
      output[i] =
          switch (activation) {
            case SIGMOID -> 1 / (1 + Math.exp(-z[i]));
            case TANH -> Math.tanh(z[i]);
            case RELU -> Math.max(z[i], 0);
          };
    }
  }

  /** Multiplies d in place by the activation's derivative, which its output y tells. */
  static void activationBackward(Activation activation, double[] y, double[] d) {
    for (int i = 0; i < y.length; i++) {
      d[i] *=
          switch (activation) {
            case SIGMOID -> y[i] * (1 - y[i]);
            case TANH -> 1 - y[i] * y[i];
            case RELU -> y[i] > 0 ? 1 : 0;
          };
    }
  }

  /** 2 x 2 windows, stride 2: input [channels][size][size] to [channels][size / 2][size / 2]. */
  static void poolForward(
      Pooling pooling, double[] input, int channels, int size, double[] output) {
    int half = size / 2;
    for (int c = 0; c < channels; c++) {
      for (int y = 0; y < half; y++) {
        for (int x = 0; x < half; x++) {
          int p = (c * size + 2 * y) * size + 2 * x;
          output[(c * half + y) * half + x] =
              switch (pooling) {
                case AVG -> (input[p] + input[p + 1] + input[p + size] + input[p + size + 1]) / 4;
                case MAX -> input[argmax(input, p, size)];
              };
        }
      }
    }
  }

  static void poolBackward(
      Pooling pooling, double[] input, int channels, int size, double[] doutput, double[] dinput) {
    int half = size / 2;
    Arrays.fill(dinput, 0);
    for (int c = 0; c < channels; c++) {
      for (int y = 0; y < half; y++) {
        for (int x = 0; x < half; x++) {
          int p = (c * size + 2 * y) * size + 2 * x;
          double d = doutput[(c * half + y) * half + x];
          switch (pooling) {
            case AVG -> {
              dinput[p] = d / 4;
              dinput[p + 1] = d / 4;
              dinput[p + size] = d / 4;
              dinput[p + size + 1] = d / 4;
            }
            case MAX -> dinput[argmax(input, p, size)] = d;
          }
        }
      }
    }
  }

  private static int argmax(double[] input, int p, int size) {
    int best = p;
    for (int q : new int[] {p + 1, p + size, p + size + 1}) {
      if (input[q] > input[best]) {
        best = q;
      }
    }
    return best;
  }

  static double[] softmax(double[] logits) {
    double max = Double.NEGATIVE_INFINITY;
    for (double z : logits) {
      max = Math.max(max, z);
    }
    double[] probabilities = new double[logits.length];
    double sum = 0;
    for (int c = 0; c < logits.length; c++) {
      probabilities[c] = Math.exp(logits[c] - max);
      sum += probabilities[c];
    }
    for (int c = 0; c < logits.length; c++) {
      probabilities[c] /= sum;
    }
    return probabilities;
  }

  /**
   * Cross-entropy of the softmax against (1 - smoothing) one-hot + smoothing / classes.
   *
   * @param dlogits receives the gradient with respect to the logits, unless null
   * @return the loss
   */
  static double crossEntropy(double[] logits, int label, double smoothing, double[] dlogits) {
    double max = Double.NEGATIVE_INFINITY;
    double mean = 0;
    for (double z : logits) {
      max = Math.max(max, z);
      mean += z / logits.length;
    }
    double sum = 0;
    for (double z : logits) {
      sum += Math.exp(z - max);
    }
    if (dlogits != null) {
      for (int c = 0; c < logits.length; c++) {
        double target = smoothing / logits.length + (c == label ? 1 - smoothing : 0);
        dlogits[c] = Math.exp(logits[c] - max) / sum - target;
      }
    }
    return max + Math.log(sum) - (1 - smoothing) * logits[label] - smoothing * mean;
  }
}
