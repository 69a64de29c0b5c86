// The two convolution layers against one plain reference each way.
#include "kernel_test.h"

namespace lenet {
namespace {

constexpr int kKernel = 5;

// in [I][S][S][L], weight [O][I][5][5], d and out [O][S-4][S-4][L]
struct Shape {
  int in_channels, out_channels, size;
  // Width of the zero frame around the input.
  int frame;

  int out_size() const { return size - kKernel + 1; }
  size_t in_values() const { return size_t(in_channels) * size * size; }
  size_t out_values() const { return size_t(out_channels) * out_size() * out_size(); }
  size_t weights() const { return size_t(out_channels) * in_channels * kKernel * kKernel; }
  size_t in_at(int i, int y, int x) const { return (size_t(i) * size + y) * size + x; }
  size_t out_at(int o, int y, int x) const { return (size_t(o) * out_size() + y) * out_size() + x; }
  size_t weight_at(int o, int i, int u, int v) const {
    return ((size_t(o) * in_channels + i) * kKernel + u) * kKernel + v;
  }
};

constexpr Shape kConv1{1, 6, 32, 2};
constexpr Shape kConv2{6, 16, 14, 0};

// Calls visit(in, weight, out) with the indices of each product that a convolution sums.
template <class Visit>
void for_every_product(const Shape& s, Visit visit) {
  for (int o = 0; o < s.out_channels; o++) {
    for (int i = 0; i < s.in_channels; i++) {
      for (int u = 0; u < kKernel; u++) {
        for (int v = 0; v < kKernel; v++) {
          for (int y = 0; y < s.out_size(); y++) {
            for (int x = 0; x < s.out_size(); x++) {
              visit(s.in_at(i, y + u, x + v), s.weight_at(o, i, u, v), s.out_at(o, y, x));
            }
          }
        }
      }
    }
  }
}

class ConvTest : public KernelTest {
 protected:
  using Forward = decltype(KernelTable::conv1_forward);
  using BackwardWeight = decltype(KernelTable::conv1_backward_weight);

  std::vector<float> random_input(const Shape& s) {
    std::vector<float> in = random(s.in_values() * lanes());
    for (int i = 0; i < s.in_channels; i++) {
      for (int y = 0; y < s.size; y++) {
        for (int x = 0; x < s.size; x++) {
          const bool inside = std::min({y, x, s.size - 1 - y, s.size - 1 - x}) >= s.frame;
          if (!inside) std::fill_n(&in[s.in_at(i, y, x) * lanes()], lanes(), 0.0f);
        }
      }
    }
    return in;
  }

  void check_forward(const Shape& s, Forward forward) {
    const size_t L = lanes();
    for (int offset = 0; offset < 4; offset++) {
      Guarded<float> in(s.in_values() * L), weight(s.weights(), offset);
      Guarded<float> bias(s.out_channels, (offset + 1) % 4), out(s.out_values() * L);
      in = random_input(s);
      weight = random(weight.size());
      bias = random(bias.size());
      std::vector<Sum> expected(out.size());
      for (size_t i = 0; i < expected.size(); i++) {
        expected[i].add(bias[i / (L * s.out_size() * s.out_size())]);
      }
      for_every_product(s, [&](size_t a, size_t w, size_t b) {
        for (size_t lane = 0; lane < L; lane++) {
          expected[b * L + lane].add(double{in[a * L + lane]} * weight[w]);
        }
      });
      // Rows not yet computed stay as they were.
      const int row_pairs = s.out_size() / 2;
      const size_t pair_values = size_t(2) * s.out_size() * L;
      for (int pair = 0; pair < row_pairs; pair++) {
        const std::vector<float> before = out.values();
        forward(in.get(), weight.get(), bias.get(), pair, out.get());
        for (size_t i = 0; i < out.size(); i++) {
          if (static_cast<int>(i / pair_values) % row_pairs == pair) continue;
          ASSERT_EQ(out[i], before[i]) << "row pair " << pair << " wrote at " << i;
        }
      }
      closeness_.expect(expected, out.values(), "out");
    }
  }

  void check_backward_weight(const Shape& s, BackwardWeight backward) {
    const size_t L = lanes();
    Guarded<float> in(s.in_values() * L), d(s.out_values() * L), sums(s.weights() * L);
    in = random_input(s);
    d = random(d.size());
    sums = random(sums.size());
    std::vector<Sum> expected(sums.size());
    for (size_t i = 0; i < expected.size(); i++) expected[i].add(sums[i]);
    for_every_product(s, [&](size_t a, size_t w, size_t b) {
      for (size_t lane = 0; lane < L; lane++) {
        expected[w * L + lane].add(double{in[a * L + lane]} * d[b * L + lane]);
      }
    });
    backward(in.get(), d.get(), sums.get());
    closeness_.expect(expected, sums.values(), "sums");
  }
};

TEST_P(ConvTest, Conv1Forward) { check_forward(kConv1, kernels().conv1_forward); }
TEST_P(ConvTest, Conv2Forward) { check_forward(kConv2, kernels().conv2_forward); }

TEST_P(ConvTest, Conv2BackwardData) {
  const Shape& s = kConv2;
  const size_t L = lanes();
  for (int offset = 0; offset < 4; offset++) {
    Guarded<float> d(s.out_values() * L), weight(s.weights(), offset), din(s.in_values() * L);
    d = random(d.size());
    weight = random(weight.size());
    din = random(din.size());
    std::vector<Sum> expected(din.size());
    for_every_product(s, [&](size_t a, size_t w, size_t b) {
      for (size_t lane = 0; lane < L; lane++) {
        expected[a * L + lane].add(double{d[b * L + lane]} * weight[w]);
      }
    });
    kernels().conv2_backward_data(d.get(), weight.get(), din.get());
    closeness_.expect(expected, din.values(), "din");
  }
}

TEST_P(ConvTest, Conv1BackwardWeight) {
  check_backward_weight(kConv1, kernels().conv1_backward_weight);
}
TEST_P(ConvTest, Conv2BackwardWeight) {
  check_backward_weight(kConv2, kernels().conv2_backward_weight);
}

LENET_FOR_EVERY_ISA(ConvTest);

}  // namespace
}  // namespace lenet
