// Accuracy of the activation functions in units in the last place (ulp), over dense sweeps and at
// the extremes, and their derivatives.
#include <cfloat>
#include <limits>

#include "activations.h"
#include "kernel_test.h"

namespace lenet {
namespace {

// Dense around zero, evenly over what is not saturated, and far outside.
std::vector<float> sweep() {
  std::vector<float> x;
  for (int i = -400000; i <= 400000; i++) x.push_back(static_cast<float>(i) * 2.5e-4f);
  for (double magnitude = 1e-37; magnitude < 1e38; magnitude *= 1.003) {
    x.push_back(static_cast<float>(magnitude));
    x.push_back(static_cast<float>(-magnitude));
  }
  for (float extreme : {0.0f, 1e-30f, 0.625f, 87.0f, 87.34f, 88.0f, 88.8f, 1000.0f, FLT_MAX,
                        std::numeric_limits<float>::infinity()}) {
    for (float next : {std::nextafter(extreme, 0.0f), extreme, std::nextafter(extreme, 2e38f)}) {
      x.push_back(next);
      x.push_back(-next);
    }
  }
  return x;
}

class ActivationTest : public KernelTest {
 protected:
  // The activation of any number of values, filled up to whole vectors.
  std::vector<float> activate(Activation activation, const std::vector<float>& x) {
    const size_t n = (x.size() + lanes() - 1) / lanes();
    Guarded<float> values(n * lanes());
    std::copy(x.begin(), x.end(), values.get());
    kernels().activation_forward[static_cast<int>(activation)](static_cast<int>(n), values.get());
    return std::vector<float>(values.get(), values.get() + x.size());
  }

  void check_ulps(Activation activation) {
    const std::vector<float> x = sweep();
    const std::vector<float> y = activate(activation, x);
    double worst = 0;
    for (size_t i = 0; i < x.size(); i++) {
      const double expected = activation_of(activation, x[i]);
      const double error = std::fabs(y[i] - expected);
      if (std::fabs(expected) < FLT_MIN && std::fabs(y[i]) <= FLT_MIN) continue;
      ASSERT_TRUE(error <= kMaxUlps * ulp(expected))
          << "at " << x[i] << ": " << y[i] << ", expected " << expected << ", "
          << error / ulp(expected) << " ulp";
      worst = std::fmax(worst, error / ulp(expected));
    }
    RecordProperty("ulps", std::to_string(worst));
  }
};

TEST_P(ActivationTest, SigmoidIsAccurate) { check_ulps(Activation::SIGMOID); }
TEST_P(ActivationTest, TanhIsAccurate) { check_ulps(Activation::TANH); }

TEST_P(ActivationTest, ReluIsExact) {
  const std::vector<float> x = sweep();
  const std::vector<float> y = activate(Activation::RELU, x);
  for (size_t i = 0; i < x.size(); i++) ASSERT_EQ(y[i], x[i] > 0 ? x[i] : 0) << "at " << x[i];
}

// A network that has diverged must say so.
TEST_P(ActivationTest, NanComesThrough) {
  for (Activation activation : kActivations) {
    const float nan = std::numeric_limits<float>::quiet_NaN();
    for (float y : activate(activation, std::vector<float>{nan, -nan})) {
      EXPECT_TRUE(std::isnan(y)) << "activation " << static_cast<int>(activation) << " gave " << y;
    }
  }
}

TEST_P(ActivationTest, AnySize) {
  for (Activation activation : kActivations) {
    for (int n : {1, 2, 3, 84, 120}) {
      Guarded<float> values(n * lanes());
      values = random(values.size(), -5, 5);
      const std::vector<float> x = values.values();
      kernels().activation_forward[static_cast<int>(activation)](n, values.get());
      EXPECT_EQ(values.values(), activate(activation, x)) << n << " values";
    }
  }
}

TEST_P(ActivationTest, Backward) {
  for (Activation activation : kActivations) {
    for (int n : {1, 2, 3, 84, 120}) {
      SCOPED_TRACE(testing::Message() << "activation " << static_cast<int>(activation));
      Guarded<float> values(n * lanes()), d(n * lanes());
      values = activate(activation, random(values.size(), -5, 5));
      d = random(d.size());
      const std::vector<float> kept = values.values();
      std::vector<Sum> expected(d.size());
      for (size_t i = 0; i < d.size(); i++) {
        // Square, difference, product.
        expected[i].add(d[i] * derivative_of(activation, values[i]),
                        std::fabs(d[i]) * derivative_magnitude(activation, values[i]), 3);
      }
      kernels().activation_backward[static_cast<int>(activation)](n, values.get(), d.get());
      closeness_.expect(expected, d.values(), "d");
      EXPECT_EQ(values.values(), kept);
    }
  }
}

LENET_FOR_EVERY_ISA(ActivationTest);

}  // namespace
}  // namespace lenet
