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

// Values [C][N][4][L] and pooled [C][N][L]: a cell is four values and their pool.
struct Cells {
  int channels, count;
  size_t lanes;

  size_t values() const { return pooled() * 4; }
  size_t pooled() const { return size_t(channels) * count * lanes; }
  // The index of a cell's q-th value.
  size_t value_at(int c, int i, int q, size_t lane) const {
    return ((size_t(c) * count + i) * 4 + q) * lanes + lane;
  }
  size_t pooled_at(int c, int i, size_t lane) const {
    return (size_t(c) * count + i) * lanes + lane;
  }
  template <class Visit>
  void for_every_cell(Visit visit) const {
    for (int c = 0; c < channels; c++) {
      for (int i = 0; i < count; i++) {
        for (size_t lane = 0; lane < lanes; lane++) visit(c, i, lane);
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
  std::vector<Cells> shapes() const {
    const size_t L = static_cast<size_t>(kernels().lanes);
    return {{6, 14, L}, {16, 25, L}, {1, 1, L}, {3, 7, L}};
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

  void forward(const Cells& cells, float* values, float* pooled) const {
    kernels().activation_pool_forward[static_cast<int>(activation())][static_cast<int>(pooling())](
        cells.channels * cells.count, values, pooled);
  }
  void backward(const Cells& cells, const float* dpooled, const float* values, float* d,
                float* bias_sums) const {
    kernels().activation_pool_backward[static_cast<int>(activation())][static_cast<int>(pooling())](
        cells.channels, cells.count, dpooled, values, d, bias_sums);
  }

  Closeness closeness_;

 private:
  std::mt19937 generator_{42};
  FlushDenormals mode_;
};

TEST_P(ActivationPoolTest, ForwardActivates) {
  for (const Cells& cells : shapes()) {
    Guarded<float> values(cells.values()), pooled(cells.pooled());
    const std::vector<float> x = random(cells.values(), -6, 6);
    values = x;
    forward(cells, values.get(), pooled.get());
    for (size_t i = 0; i < x.size(); i++) {
      const double expected = activation_of(activation(), x[i]);
      ASSERT_TRUE(std::fabs(values[i] - expected) <= kMaxUlps * ulp(expected))
          << "at " << x[i] << ": " << values[i] << ", expected " << expected;
    }
  }
}

TEST_P(ActivationPoolTest, ForwardPools) {
  for (const Cells& cells : shapes()) {
    Guarded<float> values(cells.values()), pooled(cells.pooled());
    values = random(cells.values(), -6, 6);
    forward(cells, values.get(), pooled.get());
    std::vector<Sum> expected(cells.pooled());
    cells.for_every_cell([&](int c, int i, size_t lane) {
      Sum& sum = expected[cells.pooled_at(c, i, lane)];
      float largest = values[cells.value_at(c, i, 0, lane)];
      for (int q = 0; q < 4; q++) {
        const float value = values[cells.value_at(c, i, q, lane)];
        largest = std::max(largest, value);
        if (pooling() == Pooling::AVG) sum.add(0.25 * value);
      }
      // The maximum is one of the values: nothing is allowed.
      if (pooling() == Pooling::MAX) sum.add(largest, 0);
    });
    closeness_.expect(expected, pooled.values(), "pooled");
  }
}

TEST_P(ActivationPoolTest, Backward) {
  for (const Cells& cells : shapes()) {
    Guarded<float> values(cells.values()), dpooled(cells.pooled()), d(cells.values());
    Guarded<float> bias_sums(cells.channels * cells.lanes);
    values = random_activations(cells.values());
    dpooled = random(cells.pooled(), -1, 1);
    bias_sums = random(bias_sums.size(), -1, 1);
    std::vector<Sum> expected(cells.values()), expected_bias(bias_sums.size());
    for (size_t i = 0; i < bias_sums.size(); i++) expected_bias[i].add(bias_sums[i]);
    cells.for_every_cell([&](int c, int i, size_t lane) {
      // Among equals the first is the maximum.
      int first = 0;
      for (int q = 1; q < 4; q++) {
        if (values[cells.value_at(c, i, q, lane)] > values[cells.value_at(c, i, first, lane)]) {
          first = q;
        }
      }
      for (int q = 0; q < 4; q++) {
        const size_t at = cells.value_at(c, i, q, lane);
        const double share = pooling() == Pooling::AVG ? 0.25 : (q == first ? 1 : 0);
        const double dout = share * dpooled[cells.pooled_at(c, i, lane)];
        const double magnitude = std::fabs(dout) * derivative_magnitude(activation(), values[at]);
        // Square, difference, product; into the bias one addition more.
        expected[at].add(dout * derivative_of(activation(), values[at]), magnitude, 3);
        expected_bias[c * cells.lanes + lane].add(dout * derivative_of(activation(), values[at]),
                                                  magnitude, 4);
      }
    });
    const std::vector<float> values_before = values.values(), dpooled_before = dpooled.values();
    backward(cells, dpooled.get(), values.get(), d.get(), bias_sums.get());
    closeness_.expect(expected, d.values(), "d");
    closeness_.expect(expected_bias, bias_sums.values(), "bias_sums");
    EXPECT_EQ(values.values(), values_before);
    EXPECT_EQ(dpooled.values(), dpooled_before);
    // In place it does the same.
    backward(cells, dpooled.get(), values.get(), values.get(), bias_sums.get());
    EXPECT_EQ(values.values(), d.values());
  }
}

// All four values equal: the maximum is the first, the average none.
TEST_P(ActivationPoolTest, BackwardOfTies) {
  const Cells cells{2, 4, static_cast<size_t>(kernels().lanes)};
  Guarded<float> values(cells.values()), dpooled(cells.pooled());
  Guarded<float> bias_sums(cells.channels * cells.lanes);
  values = std::vector<float>(cells.values(), 0.5f);
  dpooled = std::vector<float>(cells.pooled(), 1.0f);
  backward(cells, dpooled.get(), values.get(), values.get(), bias_sums.get());
  // Powers of two throughout: exact.
  const auto whole = static_cast<float>(derivative_of(activation(), 0.5));
  cells.for_every_cell([&](int c, int i, size_t lane) {
    for (int q = 0; q < 4; q++) {
      const float share = pooling() == Pooling::AVG ? 0.25f : (q == 0 ? 1 : 0);
      EXPECT_EQ(values[cells.value_at(c, i, q, lane)], share * whole);
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
