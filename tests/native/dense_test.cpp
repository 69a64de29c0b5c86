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

TEST_P(DenseTest, WeightsAreTheRowsWithoutPadding) {
  for (int n : kInputs) {
    for (int m : {1, 3, 10}) {
      Guarded<float> weight(m * n, m), rows(m * dense_stride(n)), back(m * n, m);
      weight = random(weight.size());
      rows = std::vector<float>(rows.size(), kPadding);
      kernels().dense_rows(weight.get(), n, m, rows.get());
      kernels().dense_weights(rows.get(), n, m, back.get());
      EXPECT_EQ(back.values(), weight.values());
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

// Which sums over other examples are added.
enum Others { kNone, kEarlier, kOther, kBoth };

class DenseBackwardWeightTest : public DenseTest {
 protected:
  bool asked_for(const WeightCase& c, int row) const { return row >= c.first && row < c.last; }
  int tiles_of(int count) const { return (count + lanes() - 1) / lanes(); }
  // Of row `row` for an example.
  size_t place(const WeightCase& c, int example, int row) const {
    return (size_t(example / lanes()) * c.m + row) * lanes() + example % lanes();
  }

  // Gradients of outputs [tiles][m][L], with zeros beyond the examples.
  std::vector<float> random_gradients(const WeightCase& c) {
    std::vector<float> d(size_t(tiles_of(c.count)) * c.m * lanes());
    for (int row = 0; row < c.m; row++) {
      const std::vector<float> values = random(c.count);
      for (int e = 0; e < c.count; e++) d[place(c, e, row)] = values[e];
    }
    return d;
  }

  // A layer's buffers, at odd addresses where that is allowed.
  struct Buffers {
    Buffers(const WeightCase& c, int lanes, int offset)
        : in(c.count * dense_stride(c.n)),
          d(size_t(c.count + lanes - 1) / lanes * lanes * c.m),
          result(c.m * c.n, offset),
          result_bias(c.m, (offset + 1) % 4),
          earlier(c.m * c.n, (offset + 2) % 4),
          earlier_bias(c.m, (offset + 3) % 4),
          other(c.m * c.n, (offset + 3) % 4),
          other_bias(c.m, offset) {}

    DenseGradient gradient(Others others) {
      DenseGradient gradient{{result.get(), result_bias.get()}, {}, {}};
      if (others & kEarlier) gradient.earlier = {earlier.get(), earlier_bias.get()};
      if (others & kOther) gradient.other = {other.get(), other_bias.get()};
      return gradient;
    }

    Guarded<float> in, d, result, result_bias, earlier, earlier_bias, other, other_bias;
  };

  void fill(const WeightCase& c, Buffers& b) {
    b.in = random_rows(c.count, c.n);
    b.d = random_gradients(c);
    for (Guarded<float>* values :
         {&b.result, &b.result_bias, &b.earlier, &b.earlier_bias, &b.other, &b.other_bias}) {
      *values = random(values->size());
    }
  }

  // The gradient [m][n] and [m] with the sums over other examples.
  void check(const WeightCase& c, int offset, Others others) {
    SCOPED_TRACE(testing::Message() << c.m << " x " << c.n << ", rows " << c.first << " to "
                                    << c.last << ", " << c.count << " examples, off by " << offset);
    Buffers b(c, lanes(), offset);
    fill(c, b);
    std::vector<Sum> expected(b.result.size()), expected_bias(b.result_bias.size());
    const auto start = [&](Sum& sum, float before, float earlier, float other, bool asked) {
      if (!asked) sum.add(before);
      if (asked && (others & kEarlier)) sum.add(earlier);
      if (asked && (others & kOther)) sum.add(other);
    };
    for (int o = 0; o < c.m; o++) {
      const bool asked = asked_for(c, o);
      const int count = asked ? c.count : 0;
      start(expected_bias[o], b.result_bias[o], b.earlier_bias[o], b.other_bias[o], asked);
      for (int e = 0; e < count; e++) expected_bias[o].add(b.d[place(c, e, o)]);
      for (int i = 0; i < c.n; i++) {
        const int at = o * c.n + i;
        start(expected[at], b.result[at], b.earlier[at], b.other[at], asked);
        for (int e = 0; e < count; e++) {
          expected[at].add(double{b.d[place(c, e, o)]} * b.in[e * dense_stride(c.n) + i]);
        }
      }
    }
    const std::vector<float> before = b.result.values(), bias_before = b.result_bias.values();
    const DenseGradient gradient = b.gradient(others);
    kernels().dense_backward_weight(b.in.get(), c.n, b.d.get(), c.m, c.count, c.first, c.last,
                                    &gradient, nullptr);
    closeness_.expect(expected, b.result.values(), "gradient");
    closeness_.expect(expected_bias, b.result_bias.values(), "bias gradient");
    for (int o = 0; o < c.m; o++) {
      if (asked_for(c, o)) continue;
      EXPECT_EQ(b.result_bias[o], bias_before[o]) << "row " << o << " was not asked for";
      for (int i = 0; i < c.n; i++) ASSERT_EQ(b.result[o * c.n + i], before[o * c.n + i]);
    }
  }

  // With an update: to the bit what the gradient followed by SGD gives.
  void check_update(const WeightCase& c, const SgdStep& step, Others others) {
    SCOPED_TRACE(testing::Message() << c.m << " x " << c.n << ", momentum " << step.momentum);
    const int n = c.m * c.n;
    Buffers b(c, lanes(), 1);
    fill(c, b);
    const DenseGradient gradient = b.gradient(others);
    const std::vector<float> before = b.result.values(), bias_before = b.result_bias.values();
    Guarded<float> weight(n, 3), bias(c.m, 1), weight_velocity(n, 2), bias_velocity(c.m, 3);
    weight = random(n);
    bias = random(c.m);
    weight_velocity = random(n);
    bias_velocity = random(c.m);
    Guarded<float> rows(weight_rows(weight, c.n, c.m).size());
    rows = weight_rows(weight, c.n, c.m);
    Guarded<float> expected_bias(c.m), expected_weight(n);
    expected_weight = weight.values();
    expected_bias = bias.values();
    std::vector<float> expected_velocity = weight_velocity.values();
    std::vector<float> expected_bias_velocity = bias_velocity.values();

    const DenseUpdate update{&step, rows.get(), bias.get(), weight_velocity.get(),
                             bias_velocity.get()};
    kernels().dense_backward_weight(b.in.get(), c.n, b.d.get(), c.m, c.count, c.first, c.last,
                                    &gradient, &update);
    EXPECT_EQ(b.result.values(), before);
    EXPECT_EQ(b.result_bias.values(), bias_before);

    kernels().dense_backward_weight(b.in.get(), c.n, b.d.get(), c.m, c.count, c.first, c.last,
                                    &gradient, nullptr);
    const int at = c.first * c.n, size = (c.last - c.first) * c.n;
    kernels().sgd(&step, size, b.result.get() + at, &expected_velocity[at],
                  expected_weight.get() + at);
    kernels().sgd(&step, c.last - c.first, b.result_bias.get() + c.first,
                  &expected_bias_velocity[c.first], expected_bias.get() + c.first);
    // The padding must stay zero.
    EXPECT_EQ(rows.values(), weight_rows(expected_weight, c.n, c.m));
    EXPECT_EQ(bias.values(), expected_bias.values());
    EXPECT_EQ(weight_velocity.values(), expected_velocity);
    EXPECT_EQ(bias_velocity.values(), expected_bias_velocity);
  }
};

TEST_P(DenseBackwardWeightTest, AnyCount) {
  int offset = 0;
  for (int count : {0, 1, 2, 3, 17, 255, 1024}) {
    check({400, 120, count, 3, 14}, offset, kEarlier);
    check({120, 84, count, 80, 84}, (offset + 1) % 4, kNone);
    check({84, 10, count, 0, 10}, (offset + 2) % 4, kBoth);
    offset = (offset + 1) % 4;
  }
}

TEST_P(DenseBackwardWeightTest, AnyRows) {
  for (int first = 0; first < 12; first++) {
    for (int last = first; last <= 12; last++) {
      check({84, 12, 5, first, last}, (first + last) % 4, Others((first + last) % 4));
    }
  }
}

TEST_P(DenseBackwardWeightTest, ManyClasses) {
  check({84, 1024, 33, 0, 1024}, 2, kNone);
  check({84, 47, 33, 3, 47}, 1, kOther);
}

TEST_P(DenseBackwardWeightTest, Updates) {
  const SgdStep steps[] = {{0.9f, 0, 0, false},
                           {0.1f, 0, 5e-2f, false},
                           {0.05f, 0.9f, 5e-2f, false},
                           {0.05f, 0.9f, 5e-2f, true}};
  for (const SgdStep& step : steps) {
    for (Others others : {kNone, kEarlier, kOther, kBoth}) {
      check_update({400, 120, 17, 10, 20}, step, others);
      check_update({120, 84, 17, 80, 84}, step, others);
      check_update({84, 10, 17, 0, 10}, step, others);
      check_update({84, 47, 17, 3, 47}, step, others);
    }
  }
}

LENET_FOR_EVERY_ISA(DenseTest);
LENET_FOR_EVERY_ISA(DenseBackwardWeightTest);

}  // namespace
}  // namespace lenet
