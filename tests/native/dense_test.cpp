// Dense layers at odd sizes, with weights at any address.
#include "kernel_test.h"

namespace lenet {
namespace {

constexpr int kInputs[] = {400, 120, 84};
constexpr int kOutputs[] = {1, 2, 3, 4, 5, 9, 10, 11, 12, 13, 23, 24, 25, 84, 120, 1024};

class DenseTest : public KernelTest {};

TEST_P(DenseTest, Forward) {
  const size_t L = lanes();
  int offset = 0;
  for (int n : kInputs) {
    for (int m : kOutputs) {
      SCOPED_TRACE(testing::Message() << n << " -> " << m << ", weights off by " << offset);
      Guarded<float> in(n * L), weight(m * n, offset), bias(m, (offset + 1) % 4), out(m * L);
      in = random(in.size());
      weight = random(weight.size());
      bias = random(bias.size());
      kernels().dense_forward(in.get(), n, weight.get(), bias.get(), m, out.get());
      std::vector<Sum> expected(out.size());
      for (int o = 0; o < m; o++) {
        for (size_t lane = 0; lane < L; lane++) {
          Sum& sum = expected[o * L + lane];
          sum.add(bias[o]);
          for (int i = 0; i < n; i++) sum.add(double{weight[o * n + i]} * in[i * L + lane]);
        }
      }
      closeness_.expect(expected, out.values(), "out");
      offset = (offset + 1) % 4;
    }
  }
}

TEST_P(DenseTest, BackwardData) {
  const size_t L = lanes();
  int offset = 0;
  for (int n : kInputs) {
    for (int m : kOutputs) {
      SCOPED_TRACE(testing::Message() << n << " <- " << m << ", weights off by " << offset);
      Guarded<float> d(m * L), weight(m * n, offset), din(n * L);
      d = random(d.size());
      weight = random(weight.size());
      din = random(din.size());
      kernels().dense_backward_data(d.get(), m, weight.get(), n, din.get());
      std::vector<Sum> expected(din.size());
      for (int i = 0; i < n; i++) {
        for (size_t lane = 0; lane < L; lane++) {
          for (int o = 0; o < m; o++) {
            expected[i * L + lane].add(double{weight[o * n + i]} * d[o * L + lane]);
          }
        }
      }
      closeness_.expect(expected, din.values(), "din");
      offset = (offset + 1) % 4;
    }
  }
}

struct WeightCase {
  int n, in_stride, m, d_stride, count, first, last;
};

class DenseBackwardWeightTest : public KernelTest {
 protected:
  void check(const WeightCase& c, int offset) {
    SCOPED_TRACE(testing::Message() << c.m << " x " << c.n << ", rows " << c.first << " to "
                                    << c.last << ", " << c.count << " examples, off by " << offset);
    Guarded<float> in(c.count * c.in_stride), d(c.count * c.d_stride);
    Guarded<float> gradient(c.m * c.n, offset), bias_gradient(c.m, (offset + 1) % 4);
    in = random(in.size());
    d = random(d.size());
    for (int e = 0; e < c.count; e++) {
      std::fill(&in[e * c.in_stride + c.n], &in[e * c.in_stride] + c.in_stride, 0.0f);
    }
    gradient = random(gradient.size());
    bias_gradient = random(bias_gradient.size());
    std::vector<Sum> expected(gradient.size()), expected_bias(bias_gradient.size());
    for (int o = 0; o < c.m; o++) {
      const int count = o >= c.first && o < c.last ? c.count : 0;
      expected_bias[o].add(bias_gradient[o]);
      for (int e = 0; e < count; e++) expected_bias[o].add(d[e * c.d_stride + o]);
      for (int i = 0; i < c.n; i++) {
        Sum& sum = expected[o * c.n + i];
        sum.add(gradient[o * c.n + i]);
        for (int e = 0; e < count; e++) {
          sum.add(double{d[e * c.d_stride + o]} * in[e * c.in_stride + i]);
        }
      }
    }
    const std::vector<float> before = gradient.values(), bias_before = bias_gradient.values();
    kernels().dense_backward_weight(in.get(), c.in_stride, c.n, d.get(), c.d_stride, c.count,
                                    c.first, c.last, gradient.get(), bias_gradient.get());
    closeness_.expect(expected, gradient.values(), "gradient");
    closeness_.expect(expected_bias, bias_gradient.values(), "bias_gradient");
    for (int o = 0; o < c.m; o++) {
      if (o >= c.first && o < c.last) continue;
      EXPECT_EQ(bias_gradient[o], bias_before[o]) << "row " << o << " was not asked for";
      for (int i = 0; i < c.n; i++) ASSERT_EQ(gradient[o * c.n + i], before[o * c.n + i]);
    }
  }
};

TEST_P(DenseBackwardWeightTest, AnyCount) {
  int offset = 0;
  for (int count : {1, 2, 3, 17, 255, 1024}) {
    check({400, 400, 120, 128, count, 3, 14}, offset);
    check({120, 128, 84, 96, count, 80, 84}, (offset + 1) % 4);
    check({84, 96, 10, 16, count, 0, 10}, (offset + 2) % 4);
    offset = (offset + 1) % 4;
  }
}

TEST_P(DenseBackwardWeightTest, AnyRows) {
  for (int first = 0; first < 12; first++) {
    for (int last = first; last <= 12; last++) {
      check({84, 96, 12, 16, 5, first, last}, (first + last) % 4);
    }
  }
}

TEST_P(DenseBackwardWeightTest, ManyClasses) {
  check({84, 96, 1024, 1024, 33, 0, 1024}, 2);
  check({84, 96, 47, 48, 33, 40, 47}, 1);
}

LENET_FOR_EVERY_ISA(DenseTest);
LENET_FOR_EVERY_ISA(DenseBackwardWeightTest);

}  // namespace
}  // namespace lenet
