// Prediction of one image against the whole network in double. Every value of the reference comes
// with the variance of what float32 may be off by: rounding errors of a sum as in closeness.h, and
// what the layers before left, through the weights and the slopes of the activations.
#include <cmath>
#include <limits>

#include "activations.h"
#include "core/layout.h"
#include "kernel_test.h"

namespace lenet {
namespace {

struct Value {
  double value = 0;
  double variance = 0;
};
using Values = std::vector<Value>;

double square(double x) { return x * x; }

class WeightedSum {
 public:
  explicit WeightedSum(double bias) { sum_.add(bias); }

  void add(double weight, const Value& in) {
    sum_.add(weight * in.value);
    variance_ += square(weight) * in.variance;
  }
  Value value() const { return {sum_.value, variance_ + square(sum_.allowance())}; }

 private:
  Sum sum_;
  double variance_ = 0;
};

Value activate(Activation activation, const Value& z) {
  const double y = activation_of(activation, z.value);
  // ReLU passes errors on even where the reference is just below zero.
  const double slope = activation == Activation::RELU ? 1 : derivative_of(activation, y);
  return {y, square(slope) * z.variance + square(2 * kMaxUlps * kEpsilon * y)};
}

// in [channels][size][size], weight [outputs][channels][5][5] -> pooled activations
Values conv_activation_pool(const Values& in, int channels, int size, const float* weight,
                            const float* bias, int outputs, Activation activation,
                            Pooling pooling) {
  const int half = (size - 4) / 2;
  Values out;
  for (int o = 0; o < outputs; o++) {
    for (int cell = 0; cell < half * half; cell++) {
      Value pool;
      for (int q = 0; q < 4; q++) {
        const int y = cell / half * 2 + q / 2, x = cell % half * 2 + q % 2;
        WeightedSum sum(bias[o]);
        for (int i = 0; i < channels * 25; i++) {
          sum.add(weight[o * channels * 25 + i],
                  in[(i / 25 * size + y + i % 25 / 5) * size + x + i % 5]);
        }
        const Value a = activate(activation, sum.value());
        if (pooling == Pooling::AVG) {
          pool.value += a.value / 4;
          pool.variance += a.variance / 16 + square(kEpsilon * a.value);
        } else if (q == 0 || a.value > pool.value) {
          pool.value = a.value;
          pool.variance = std::fmax(pool.variance, a.variance);
        }
      }
      out.push_back(pool);
    }
  }
  return out;
}

Values dense(const Values& in, const float* weight, const float* bias, int outputs) {
  Values out;
  for (int o = 0; o < outputs; o++) {
    WeightedSum sum(bias[o]);
    for (size_t i = 0; i < in.size(); i++) sum.add(weight[o * in.size() + i], in[i]);
    out.push_back(sum.value());
  }
  return out;
}

Values activate_all(Activation activation, Values values) {
  for (Value& value : values) value = activate(activation, value);
  return values;
}

std::vector<Sum> softmax(const Values& logits) {
  double peak = logits[0].value, sum = 0, variance = 0;
  for (const Value& z : logits) peak = std::fmax(peak, z.value);
  for (const Value& z : logits) sum += std::exp(z.value - peak);
  for (const Value& z : logits) {
    variance += square(std::exp(z.value - peak) / sum) * z.variance;
  }
  std::vector<Sum> probabilities;
  for (const Value& z : logits) {
    const double p = std::exp(z.value - peak) / sum;
    // The difference to the peak is rounded; so is the sum, once for each term.
    const double own = square(kEpsilon) * (square(z.value) + square(peak) + logits.size() + 64);
    const double off = p * std::sqrt(z.variance + variance + own);
    // A logit far below the peak is cut off at exp(-87).
    probabilities.push_back({p, off / kEpsilon + 1e-37 / kEpsilon, 1});
  }
  return probabilities;
}

struct Network {
  int classes;
  Activation activation;
  Pooling pooling;
  float scale;
  float offset;
};

class SingleImageTest : public KernelTest {
 protected:
  // Large enough for every weight to show in the probabilities.
  std::vector<float> random_parameters(int classes) {
    const ParameterLayout layout(classes);
    std::vector<float> parameters(layout.size);
    const auto fill = [&](int first, int last, double fan_in) {
      const float a = static_cast<float>(1.5 * std::sqrt(3 / fan_in));
      const std::vector<float> values = random(last - first, -a, a);
      std::copy(values.begin(), values.end(), parameters.begin() + first);
    };
    fill(layout.conv1_weight, layout.conv2_weight, 25);
    fill(layout.conv2_weight, layout.fc1_weight, 150);
    fill(layout.fc1_weight, layout.fc2_weight, kFlat);
    fill(layout.fc2_weight, layout.fc3_weight, kFc1);
    fill(layout.fc3_weight, layout.size, kFc2);
    return parameters;
  }

  std::vector<float> predict(const Network& network, const std::vector<float>& parameters,
                             const std::vector<uint8_t>& image, int offset = 0) {
    const SingleImageKernels& single = kernels().single_image;
    const ParameterLayout layout(network.classes);
    Guarded<float> weights(single.weights_size(network.classes));
    single.arrange_weights(&layout, network.classes, parameters.data(), weights.get());
    Guarded<uint8_t> pixels(image.size(), offset);
    pixels = image;
    Guarded<float> probabilities(network.classes, offset % 4);
    single.predict[static_cast<int>(network.activation)][static_cast<int>(network.pooling)](
        weights.get(), network.classes, network.scale, network.offset, pixels.get(),
        probabilities.get());
    return probabilities.values();
  }

  static std::vector<Sum> reference(const Network& network, const std::vector<float>& parameters,
                                    const std::vector<uint8_t>& image) {
    const ParameterLayout layout(network.classes);
    const float* p = parameters.data();
    Values x(32 * 32);
    for (int i = 0; i < kPixels; i++) {
      Sum pixel;
      pixel.add(double{network.scale} * image[i]);
      pixel.add(network.offset);
      x[(i / 28 + 2) * 32 + i % 28 + 2] = {pixel.value, square(pixel.allowance())};
    }
    x = conv_activation_pool(x, 1, 32, p + layout.conv1_weight, p + layout.conv1_bias,
                             kConv1Channels, network.activation, network.pooling);
    x = conv_activation_pool(x, kConv1Channels, 14, p + layout.conv2_weight, p + layout.conv2_bias,
                             kConv2Channels, network.activation, network.pooling);
    x = dense(x, p + layout.fc1_weight, p + layout.fc1_bias, kFc1);
    x = activate_all(network.activation, x);
    x = dense(x, p + layout.fc2_weight, p + layout.fc2_bias, kFc2);
    x = activate_all(network.activation, x);
    return softmax(dense(x, p + layout.fc3_weight, p + layout.fc3_bias, network.classes));
  }

  std::vector<uint8_t> random_image() {
    std::vector<uint8_t> image(kPixels);
    for (uint8_t& pixel : image) pixel = static_cast<uint8_t>(random_int(0, 255));
    return image;
  }

  void check(const Network& network, int offset) {
    SCOPED_TRACE(testing::Message()
                 << network.classes << " classes, activation "
                 << static_cast<int>(network.activation) << ", pooling "
                 << static_cast<int>(network.pooling) << ", image off by " << offset);
    const std::vector<float> parameters = random_parameters(network.classes);
    const std::vector<uint8_t> image = random_image();
    closeness_.expect(reference(network, parameters, image),
                      predict(network, parameters, image, offset), "probabilities");
  }
};

constexpr float kScale = 1 / 255.0f;

TEST_P(SingleImageTest, EveryVariant) {
  int offset = 0;
  for (Activation activation : kActivations) {
    for (Pooling pooling : {Pooling::AVG, Pooling::MAX}) {
      for (int i = 0; i < 3; i++) check({10, activation, pooling, kScale, 0}, offset++);
    }
  }
}

TEST_P(SingleImageTest, AnyNumberOfClasses) {
  for (int classes : {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 47, 63, 65, 127, 129, 1024}) {
    check({classes, Activation::TANH, Pooling::AVG, kScale, 0}, classes);
  }
}

TEST_P(SingleImageTest, TheFrameIsZeroWhateverTheOffset) {
  check({10, Activation::TANH, Pooling::AVG, kScale / 0.353f, -0.286f / 0.353f}, 0);
  check({10, Activation::RELU, Pooling::MAX, kScale, 1}, 0);
}

TEST_P(SingleImageTest, ExtremeLogits) {
  const Network network{10, Activation::SIGMOID, Pooling::AVG, kScale, 0};
  const ParameterLayout layout(network.classes);
  std::vector<float> parameters = random_parameters(network.classes);
  const std::vector<uint8_t> image = random_image();
  // All the same, far from zero: nothing may overflow.
  for (float bias : {-1e30f, 1e30f}) {
    std::fill(parameters.begin() + layout.fc3_bias, parameters.end(), bias);
    for (float p : predict(network, parameters, image)) EXPECT_FLOAT_EQ(p, 0.1f);
  }
  // One far above the others.
  parameters[layout.fc3_bias + 3] = 2e30f;
  EXPECT_EQ(predict(network, parameters, image)[3], 1);
}

TEST_P(SingleImageTest, NanIsNotHidden) {
  const Network network{10, Activation::RELU, Pooling::MAX, kScale, 0};
  const ParameterLayout layout(network.classes);
  const std::vector<float> parameters = random_parameters(network.classes);
  const std::vector<uint8_t> image = random_image();
  for (int broken : {layout.conv1_bias, layout.conv2_bias, layout.fc1_bias, layout.fc2_bias,
                     layout.fc3_bias + 9}) {
    std::vector<float> bad = parameters;
    bad[broken] = std::numeric_limits<float>::quiet_NaN();
    for (float p : predict(network, bad, image)) EXPECT_TRUE(std::isnan(p)) << broken;
  }
}

LENET_FOR_EVERY_ISA(SingleImageTest);

}  // namespace
}  // namespace lenet
