// Activation and pooling in one pass, for all six pairs of them.
#include <tuple>

#include "activations.h"
#include "kernel_test.h"

namespace lenet {
namespace {

using Variant = std::tuple<const KernelTable*, Activation, Pooling>;

std::string variant_name(const testing::TestParamInfo<Variant>& info) {
  const auto& [kernels, activation, pooling] = info.param;
  static const char* const kNames[] = {"sigmoid", "tanh", "relu"};
  std::string name = kNames[static_cast<int>(activation)];
  name += pooling == Pooling::AVG ? "_avg_" : "_max_";
  name += isa_name({kernels, 0});
  return name;
}

// Planes of values [C][S][S][L] and pooled [C][S/2][S/2][L]; a cell is four values and their pool.
struct Planes {
  int channels, size;
  size_t lanes;

  size_t values() const { return size_t(channels) * size * size * lanes; }
  size_t pooled() const { return values() / 4; }
  // The index of a cell's q-th value, in the order of reading.
  size_t value_at(int c, int y, int x, int q, size_t lane) const {
    return ((size_t(c) * size + 2 * y + q / 2) * size + 2 * x + q % 2) * lanes + lane;
  }
  size_t pooled_at(int c, int y, int x, size_t lane) const {
    return ((size_t(c) * (size / 2) + y) * (size / 2) + x) * lanes + lane;
  }
  template <class Visit>
  void for_every_cell(Visit visit) const {
    for (int c = 0; c < channels; c++) {
      for (int y = 0; y < size / 2; y++) {
        for (int x = 0; x < size / 2; x++) {
          for (size_t lane = 0; lane < lanes; lane++) visit(c, y, x, lane);
        }
      }
    }
  }
};

class ActivationPoolTest : public testing::TestWithParam<Variant> {
 protected:
  void SetUp() override {
    if (!can_run(&kernels())) GTEST_SKIP() << "this processor does not have " << kernels().isa;
  }

  const KernelTable& kernels() const { return *std::get<0>(GetParam()); }
  Activation activation() const { return std::get<1>(GetParam()); }
  Pooling pooling() const { return std::get<2>(GetParam()); }
  std::vector<Planes> shapes() const {
    const size_t L = static_cast<size_t>(kernels().lanes);
    return {{6, 28, L}, {16, 10, L}, {1, 2, L}, {3, 6, L}};
  }

  std::vector<float> random(size_t size, float low, float high) {
    std::uniform_real_distribution<float> distribution(low, high);
    std::vector<float> values(size);
    for (float& value : values) value = distribution(generator_);
    return values;
  }
  // Activations, among them many that are equal: whole numbers become whole numbers of ReLU and
  // the few values of the others.
  std::vector<float> random_activations(size_t size) {
    std::vector<float> y = random(size, -3, 3);
    for (size_t i = 0; i < size; i++) {
      if (i % 3 != 0) y[i] = std::round(y[i]);
      y[i] = static_cast<float>(activation_of(activation(), y[i]));
    }
    return y;
  }

  void forward(const Planes& p, int row_pair, float* values, float* pooled) const {
    kernels().activation_pool_forward[static_cast<int>(activation())][static_cast<int>(pooling())](
        p.channels, p.size, row_pair, values, pooled);
  }
  void backward(const Planes& p, const float* pooled, const float* dpooled, float* values,
                float* bias_sums) const {
    kernels().activation_pool_backward[static_cast<int>(activation())][static_cast<int>(pooling())](
        p.channels, p.size, pooled, dpooled, values, bias_sums);
  }

  Closeness closeness_;

 private:
  std::mt19937 generator_{42};
  FlushDenormals mode_;
};

TEST_P(ActivationPoolTest, ForwardActivatesAsTheDenseLayersDo) {
  for (const Planes& p : shapes()) {
    Guarded<float> values(p.values()), pooled(p.pooled()), expected(p.values());
    values = random(p.values(), -6, 6);
    expected = values.values();
    kernels().activation_forward[static_cast<int>(activation())](
        static_cast<int>(p.values() / p.lanes), expected.get());
    for (int pair = 0; pair < p.size / 2; pair++) forward(p, pair, values.get(), pooled.get());
    ASSERT_EQ(values.values(), expected.values());
  }
}

TEST_P(ActivationPoolTest, ForwardPools) {
  for (const Planes& p : shapes()) {
    Guarded<float> values(p.values()), pooled(p.pooled());
    values = random(p.values(), -6, 6);
    for (int pair = 0; pair < p.size / 2; pair++) forward(p, pair, values.get(), pooled.get());
    std::vector<Sum> expected(p.pooled());
    p.for_every_cell([&](int c, int y, int x, size_t lane) {
      Sum& sum = expected[p.pooled_at(c, y, x, lane)];
      float largest = values[p.value_at(c, y, x, 0, lane)];
      for (int q = 0; q < 4; q++) {
        const float value = values[p.value_at(c, y, x, q, lane)];
        largest = std::max(largest, value);
        if (pooling() == Pooling::AVG) sum.add(0.25 * value);
      }
      // The maximum is one of the values: nothing is allowed.
      if (pooling() == Pooling::MAX) sum.add(largest, 0);
    });
    closeness_.expect(expected, pooled.values(), "pooled");
  }
}

TEST_P(ActivationPoolTest, ForwardTouchesItsRowsOnly) {
  for (const Planes& p : shapes()) {
    for (int pair = 0; pair < p.size / 2; pair++) {
      Guarded<float> values(p.values()), pooled(p.pooled());
      values = random(p.values(), -6, 6);
      pooled = random(p.pooled(), -6, 6);
      const std::vector<float> values_before = values.values(), pooled_before = pooled.values();
      forward(p, pair, values.get(), pooled.get());
      p.for_every_cell([&](int c, int y, int x, size_t lane) {
        if (y == pair) return;
        const size_t at = p.pooled_at(c, y, x, lane);
        ASSERT_EQ(pooled[at], pooled_before[at]);
        for (int q = 0; q < 4; q++) {
          const size_t cell = p.value_at(c, y, x, q, lane);
          ASSERT_EQ(values[cell], values_before[cell]);
        }
      });
    }
  }
}

TEST_P(ActivationPoolTest, Backward) {
  for (const Planes& p : shapes()) {
    Guarded<float> values(p.values()), pooled(p.pooled()), dpooled(p.pooled());
    Guarded<float> bias_sums(p.channels * p.lanes);
    values = random_activations(p.values());
    dpooled = random(p.pooled(), -1, 1);
    bias_sums = random(bias_sums.size(), -1, 1);
    std::vector<Sum> expected(p.values()), expected_bias(bias_sums.size());
    for (size_t i = 0; i < bias_sums.size(); i++) expected_bias[i].add(bias_sums[i]);
    p.for_every_cell([&](int c, int y, int x, size_t lane) {
      // Among equals the first in the order of reading is the maximum.
      int first = 0;
      double sum = 0;
      for (int q = 0; q < 4; q++) {
        const float value = values[p.value_at(c, y, x, q, lane)];
        if (value > values[p.value_at(c, y, x, first, lane)]) first = q;
        sum += value;
      }
      const size_t at = p.pooled_at(c, y, x, lane);
      pooled[at] = pooling() == Pooling::AVG ? static_cast<float>(sum / 4)
                                             : values[p.value_at(c, y, x, first, lane)];
      for (int q = 0; q < 4; q++) {
        const size_t cell = p.value_at(c, y, x, q, lane);
        double share = pooling() == Pooling::AVG ? 0.25 : (q == first ? 1 : 0);
        double d = share * dpooled[at] * derivative_of(activation(), values[cell]);
        double magnitude =
            share * std::fabs(dpooled[at]) * derivative_magnitude(activation(), values[cell]);
        // Square, difference, product; into the bias one addition more.
        expected[cell].add(d, magnitude, 3);
        expected_bias[c * p.lanes + lane].add(d, magnitude, 4);
      }
    });
    const std::vector<float> pooled_before = pooled.values(), dpooled_before = dpooled.values();
    backward(p, pooled.get(), dpooled.get(), values.get(), bias_sums.get());
    closeness_.expect(expected, values.values(), "values");
    closeness_.expect(expected_bias, bias_sums.values(), "bias_sums");
    EXPECT_EQ(pooled.values(), pooled_before);
    EXPECT_EQ(dpooled.values(), dpooled_before);
  }
}

// All four values equal: the maximum is the first, the average none.
TEST_P(ActivationPoolTest, BackwardOfTies) {
  const Planes p{2, 4, static_cast<size_t>(kernels().lanes)};
  Guarded<float> values(p.values()), pooled(p.pooled()), dpooled(p.pooled());
  Guarded<float> bias_sums(p.channels * p.lanes);
  values = std::vector<float>(p.values(), 0.5f);
  pooled = std::vector<float>(p.pooled(), 0.5f);
  dpooled = std::vector<float>(p.pooled(), 1.0f);
  backward(p, pooled.get(), dpooled.get(), values.get(), bias_sums.get());
  // Powers of two throughout: exact.
  const auto whole = static_cast<float>(derivative_of(activation(), 0.5));
  p.for_every_cell([&](int c, int y, int x, size_t lane) {
    for (int q = 0; q < 4; q++) {
      const float share = pooling() == Pooling::AVG ? 0.25f : (q == 0 ? 1 : 0);
      EXPECT_EQ(values[p.value_at(c, y, x, q, lane)], share * whole);
    }
  });
}

INSTANTIATE_TEST_SUITE_P(Kernels, ActivationPoolTest,
                         testing::Combine(testing::ValuesIn(kernel_tables()),
                                          testing::ValuesIn(kActivations),
                                          testing::Values(Pooling::AVG, Pooling::MAX)),
                         variant_name);

}  // namespace
}  // namespace lenet
