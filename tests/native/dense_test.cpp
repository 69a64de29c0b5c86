// Dense layers at odd sizes, with weights at any address.
#include "kernel_test.h"

namespace lenet {
namespace {

constexpr int kInputs[] = {400, 120, 84};
constexpr int kOutputs[] = {1, 2, 3, 4, 5, 9, 10, 11, 12, 13, 23, 24, 25, 84, 120, 1024};

// What stands in padding that must not matter.
constexpr float kPadding = 7;

class DenseTest : public KernelTest {
 protected:
  // Rows of n values as the layers keep them, with something in the padding.
  std::vector<float> random_rows(int count, int n) {
    std::vector<float> rows = random(size_t(count) * dense_stride(n));
    for (int row = 0; row < count; row++) {
      for (int i = n; i < dense_stride(n); i++) rows[row * dense_stride(n) + i] = kPadding;
    }
    return rows;
  }
  // Weights as the kernels read them, with zeros in the padding.
  std::vector<float> weight_rows(const Guarded<float>& weight, int n, int m) const {
    const int rows = (m + kDenseRowBlock - 1) / kDenseRowBlock * kDenseRowBlock;
    Guarded<float> result(size_t(rows) * dense_stride(n));
    kernels().dense_rows(weight.get(), n, m, result.get());
    return result.values();
  }
};

TEST_P(DenseTest, RowsKeepTheirPadding) {
  for (int n : kInputs) {
    for (int m : {1, 3, 10}) {
      Guarded<float> weight(m * n, m), rows(m * dense_stride(n));
      weight = random(weight.size());
      rows = std::vector<float>(rows.size(), kPadding);
      kernels().dense_rows(weight.get(), n, m, rows.get());
      for (int o = 0; o < m; o++) {
        for (int i = 0; i < dense_stride(n); i++) {
          ASSERT_EQ(rows[o * dense_stride(n) + i], i < n ? weight[o * n + i] : kPadding);
        }
      }
    }
  }
}

TEST_P(DenseTest, Forward) {
  const size_t L = lanes();
  int offset = 0;
  for (int n : kInputs) {
    for (int m : kOutputs) {
      SCOPED_TRACE(testing::Message() << n << " -> " << m);
      Guarded<float> in(L * dense_stride(n)), bias(m, offset), out(L * dense_stride(m));
      Guarded<float> weight(m * n), rows(weight_rows(weight, n, m).size());
      in = random_rows(static_cast<int>(L), n);
      weight = random(weight.size());
      rows = weight_rows(weight, n, m);
      bias = random(bias.size());
      kernels().dense_forward(in.get(), n, rows.get(), bias.get(), m, out.get());
      std::vector<Sum> expected(L * m);
      std::vector<float> actual(expected.size());
      for (size_t image = 0; image < L; image++) {
        for (int o = 0; o < m; o++) {
          Sum& sum = expected[image * m + o];
          sum.add(bias[o]);
          for (int i = 0; i < n; i++) {
            sum.add(double{weight[o * n + i]} * in[image * dense_stride(n) + i]);
          }
          actual[image * m + o] = out[image * dense_stride(m) + o];
        }
      }
      closeness_.expect(expected, actual, "out");
      offset = (offset + 1) % 4;
    }
  }
}

TEST_P(DenseTest, BackwardData) {
  const size_t L = lanes();
  for (int n : kInputs) {
    for (int m : kOutputs) {
      SCOPED_TRACE(testing::Message() << n << " <- " << m);
      Guarded<float> d(m * L), weight(m * n), din(L * dense_stride(n));
      Guarded<float> rows(weight_rows(weight, n, m).size());
      d = random(d.size());
      weight = random(weight.size());
      rows = weight_rows(weight, n, m);
      din = random(din.size());
      kernels().dense_backward_data(d.get(), m, rows.get(), n, din.get());
      std::vector<Sum> expected(L * n);
      std::vector<float> actual(expected.size());
      for (size_t image = 0; image < L; image++) {
        for (int i = 0; i < n; i++) {
          for (int o = 0; o < m; o++) {
            expected[image * n + i].add(double{weight[o * n + i]} * d[o * L + image]);
          }
          actual[image * n + i] = din[image * dense_stride(n) + i];
        }
      }
      closeness_.expect(expected, actual, "din");
    }
  }
}

// Rows first to last - 1 of an n -> m layer over `count` examples.
struct WeightCase {
  int n, m, count, first, last;
};

class DenseBackwardWeightTest : public DenseTest {
 protected:
  bool asked_for(const WeightCase& c, int row) const { return row >= c.first && row < c.last; }

  // The gradient [m][n] and [m] on top of what is in there where `add` is set.
  void check(const WeightCase& c, int offset, bool add) {
    SCOPED_TRACE(testing::Message() << c.m << " x " << c.n << ", rows " << c.first << " to "
                                    << c.last << ", " << c.count << " examples, off by " << offset);
    Guarded<float> in(c.count * dense_stride(c.n)), d(c.count * dense_stride(c.m));
    Guarded<float> gradient(c.m * c.n, offset), bias_gradient(c.m, (offset + 1) % 4);
    in = random_rows(c.count, c.n);
    d = random_rows(c.count, c.m);
    gradient = random(gradient.size());
    bias_gradient = random(bias_gradient.size());
    std::vector<Sum> expected(gradient.size()), expected_bias(bias_gradient.size());
    for (int o = 0; o < c.m; o++) {
      const int count = asked_for(c, o) ? c.count : 0;
      const float keep = add || !asked_for(c, o) ? 1 : 0;
      expected_bias[o].add(keep * bias_gradient[o]);
      for (int e = 0; e < count; e++) expected_bias[o].add(d[e * dense_stride(c.m) + o]);
      for (int i = 0; i < c.n; i++) {
        Sum& sum = expected[o * c.n + i];
        sum.add(keep * gradient[o * c.n + i]);
        for (int e = 0; e < count; e++) {
          sum.add(double{d[e * dense_stride(c.m) + o]} * in[e * dense_stride(c.n) + i]);
        }
      }
    }
    const std::vector<float> before = gradient.values(), bias_before = bias_gradient.values();
    const DenseGradient target{gradient.get(), bias_gradient.get(), add};
    kernels().dense_backward_weight(in.get(), c.n, d.get(), c.m, c.count, c.first, c.last, &target,
                                    nullptr);
    closeness_.expect(expected, gradient.values(), "gradient");
    closeness_.expect(expected_bias, bias_gradient.values(), "bias_gradient");
    for (int o = 0; o < c.m; o++) {
      if (asked_for(c, o)) continue;
      EXPECT_EQ(bias_gradient[o], bias_before[o]) << "row " << o << " was not asked for";
      for (int i = 0; i < c.n; i++) ASSERT_EQ(gradient[o * c.n + i], before[o * c.n + i]);
    }
  }

  // With an update: to the bit what the gradient followed by SGD gives.
  void check_update(const WeightCase& c, const SgdStep& step, bool add) {
    SCOPED_TRACE(testing::Message() << c.m << " x " << c.n << ", momentum " << step.momentum);
    const int n = c.m * c.n;
    Guarded<float> in(c.count * dense_stride(c.n)), d(c.count * dense_stride(c.m));
    in = random_rows(c.count, c.n);
    d = random_rows(c.count, c.m);
    Guarded<float> gradient(n, 1), bias_gradient(c.m, 2);
    gradient = random(n);
    bias_gradient = random(c.m);
    const DenseGradient target{gradient.get(), bias_gradient.get(), add};
    const std::vector<float> before = gradient.values(), bias_before = bias_gradient.values();
    Guarded<float> weight(n, 3), bias(c.m, 1), weight_velocity(n, 2), bias_velocity(c.m, 3);
    weight = random(n);
    bias = random(c.m);
    weight_velocity = random(n);
    bias_velocity = random(c.m);
    Guarded<float> rows(weight_rows(weight, c.n, c.m).size());
    rows = weight_rows(weight, c.n, c.m);
    std::vector<float> expected_weight = weight.values(), expected_bias = bias.values();
    std::vector<float> expected_velocity = weight_velocity.values();
    std::vector<float> expected_bias_velocity = bias_velocity.values();

    const DenseUpdate update{
        &step, weight.get(), bias.get(), weight_velocity.get(), bias_velocity.get(), rows.get()};
    kernels().dense_backward_weight(in.get(), c.n, d.get(), c.m, c.count, c.first, c.last, &target,
                                    &update);
    EXPECT_EQ(gradient.values(), before);
    EXPECT_EQ(bias_gradient.values(), bias_before);

    kernels().dense_backward_weight(in.get(), c.n, d.get(), c.m, c.count, c.first, c.last, &target,
                                    nullptr);
    const int at = c.first * c.n, size = (c.last - c.first) * c.n;
    kernels().sgd(&step, size, gradient.get() + at, &expected_velocity[at], &expected_weight[at]);
    kernels().sgd(&step, c.last - c.first, bias_gradient.get() + c.first,
                  &expected_bias_velocity[c.first], &expected_bias[c.first]);
    EXPECT_EQ(weight.values(), expected_weight);
    EXPECT_EQ(bias.values(), expected_bias);
    EXPECT_EQ(weight_velocity.values(), expected_velocity);
    EXPECT_EQ(bias_velocity.values(), expected_bias_velocity);
    EXPECT_EQ(rows.values(), weight_rows(weight, c.n, c.m));
  }
};

TEST_P(DenseBackwardWeightTest, AnyCount) {
  int offset = 0;
  for (int count : {1, 2, 3, 17, 255, 1024}) {
    check({400, 120, count, 3, 14}, offset, true);
    check({120, 84, count, 80, 84}, (offset + 1) % 4, false);
    check({84, 10, count, 0, 10}, (offset + 2) % 4, true);
    offset = (offset + 1) % 4;
  }
}

TEST_P(DenseBackwardWeightTest, AnyRows) {
  for (int first = 0; first < 12; first++) {
    for (int last = first; last <= 12; last++) {
      check({84, 12, 5, first, last}, (first + last) % 4, (first + last) % 3 == 0);
    }
  }
}

TEST_P(DenseBackwardWeightTest, ManyClasses) {
  check({84, 1024, 33, 0, 1024}, 2, false);
  check({84, 47, 33, 40, 47}, 1, true);
}

TEST_P(DenseBackwardWeightTest, Updates) {
  const SgdStep steps[] = {{0.9f, 0, 0, false},
                           {0.1f, 0, 5e-2f, false},
                           {0.05f, 0.9f, 5e-2f, false},
                           {0.05f, 0.9f, 5e-2f, true}};
  for (const SgdStep& step : steps) {
    for (bool add : {false, true}) {
      check_update({400, 120, 17, 10, 20}, step, add);
      check_update({120, 84, 17, 80, 84}, step, add);
      check_update({84, 10, 17, 0, 10}, step, add);
      check_update({84, 47, 17, 3, 47}, step, add);
    }
  }
}

LENET_FOR_EVERY_ISA(DenseTest);
LENET_FOR_EVERY_ISA(DenseBackwardWeightTest);

}  // namespace
}  // namespace lenet
