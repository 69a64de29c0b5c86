// The two convolution layers, with the transforms around them, against plain sums.
#include <functional>

#include "cpu/aligned_buffer.h"
#include "kernel_test.h"
#include "winograd_reference.h"

namespace lenet {
namespace {

constexpr ConvShape kConv1{1, 6, 32};
constexpr ConvShape kConv2{6, 16, 14};

class ConvTest : public KernelTest {
 protected:
  ConvReference reference(const ConvShape& shape) const { return {shape, lanes()}; }

  // Where output (o, y, x) lies among conv1's cells [14 y][6 o][14 x][4] and conv2's
  // [16 o][5 y][5 x][4].
  size_t conv1_cell(int o, int y, int x) const {
    return ((((size_t(y) / 2 * 6 + o) * 14 + x / 2) * 4) + y % 2 * 2 + x % 2) * lanes();
  }
  size_t conv2_cell(int o, int y, int x) const {
    return ((((size_t(o) * 5 + y / 2) * 5 + x / 2) * 4) + y % 2 * 2 + x % 2) * lanes();
  }

  // [O][S-4][S-4][L] out of cells, and the other way.
  template <class CellAt>
  void for_every_output(const ConvShape& s, CellAt cell_at,
                        const std::function<void(size_t plane, size_t cell)>& visit) const {
    for (int o = 0; o < s.out_channels; o++) {
      for (int y = 0; y < s.out_size(); y++) {
        for (int x = 0; x < s.out_size(); x++) {
          for (size_t l = 0; l < lanes(); l++) {
            visit(s.out_at(o, y, x) * lanes() + l, cell_at(o, y, x) + l);
          }
        }
      }
    }
  }

  // The same for conv1's outputs of one row pair, whose cells start at 0.
  void for_every_output_of_pair(int pair,
                                const std::function<void(size_t plane, size_t cell)>& visit) const {
    const size_t first = size_t(pair) * 6 * 14 * 4 * lanes();
    for (int o = 0; o < 6; o++) {
      for (int y = 2 * pair; y < 2 * pair + 2; y++) {
        for (int x = 0; x < 28; x++) {
          for (size_t l = 0; l < lanes(); l++) {
            visit(kConv1.out_at(o, y, x) * lanes() + l, conv1_cell(o, y, x) + l - first);
          }
        }
      }
    }
  }

  // x [32][32][L] with its frame of two zeros.
  std::vector<float> random_images() {
    std::vector<float> x = random(kConv1.in_values() * lanes());
    for (int row = 0; row < 32; row++) {
      for (int column = 0; column < 32; column++) {
        const bool inside = std::min({row, column, 31 - row, 31 - column}) >= 2;
        if (!inside) std::fill_n(&x[kConv1.in_at(0, row, column) * lanes()], lanes(), 0.0f);
      }
    }
    return x;
  }

  std::vector<float> transform_weight(const ConvShape& s, const float* weight) const {
    std::vector<float> transformed(s.weights() / kKernelSize * kPoints);
    kernels().winograd_weight(weight, static_cast<int>(s.weights()) / kKernelSize,
                              transformed.data());
    return transformed;
  }

  // [6][14][14][L] -> [22 s][6 i][14 y][L]
  void transform_pool1(const std::vector<float>& planes, float* transformed) const {
    const size_t row = 14 * lanes();
    for (int y = 0; y < 14; y++) {
      Guarded<float> pooled(6 * row);
      for (int i = 0; i < 6; i++) std::copy_n(&planes[(i * 14 + y) * row], row, &pooled[i * row]);
      kernels().conv2_input_row(pooled.get(), y, transformed);
    }
  }

  // The inverse transform, in double, of [8 p][O][I][5 u] with `lanes` values each, compared with a
  // gradient [O][I][5][5][lanes]; before is what the sums held before.
  void expect_weight_gradient(const ConvShape& s, size_t count, const std::vector<float>& before,
                              const std::vector<float>& sums, std::vector<Sum> expected) {
    const size_t rows = s.weights() / kKernelSize;
    for (size_t row = 0; row < rows; row++) {
      for (int v = 0; v < kKernelSize; v++) {
        for (size_t l = 0; l < count; l++) {
          Sum& sum = expected[(row * kKernelSize + v) * count + l];
          double actual = 0;
          for (int p = 0; p < kPoints; p++) {
            const size_t at = (p * rows + row) * count + l;
            const double g = kTransformG[p][v];
            actual += g * sums[at];
            sum.add(g * before[at]);
          }
          ASSERT_TRUE(std::fabs(actual - sum.value) <= sum.allowance())
              << "row " << row << ", column " << v << ", lane " << l << ": " << actual
              << ", expected " << sum.value << " within " << sum.allowance();
        }
      }
    }
  }
};

TEST_P(ConvTest, TransformsWeights) {
  for (int rows : {1, 2, 7, 30, 480}) {
    Guarded<float> weight(rows * kKernelSize, rows % 4), transformed(rows * kPoints);
    weight = random(weight.size());
    kernels().winograd_weight(weight.get(), rows, transformed.get());
    std::vector<Sum> expected(transformed.size());
    for (int p = 0; p < kPoints; p++) {
      for (int row = 0; row < rows; row++) {
        for (int v = 0; v < kKernelSize; v++) {
          expected[p * rows + row].add(kTransformG[p][v] * weight[row * kKernelSize + v]);
        }
      }
    }
    closeness_.expect(expected, transformed.values(), "transformed");
  }
}

TEST_P(ConvTest, TransformsWeightGradients) {
  for (int rows : {1, 2, 7, 30, 480}) {
    Guarded<float> transformed(rows * kPoints), gradient(rows * kKernelSize, rows % 4);
    transformed = random(transformed.size());
    gradient = random(gradient.size());
    kernels().winograd_weight_gradient(transformed.get(), rows, gradient.get());
    std::vector<Sum> expected(gradient.size());
    for (int row = 0; row < rows; row++) {
      for (int v = 0; v < kKernelSize; v++) {
        for (int p = 0; p < kPoints; p++) {
          expected[row * kKernelSize + v].add(kTransformG[p][v] * transformed[p * rows + row]);
        }
      }
    }
    closeness_.expect(expected, gradient.values(), "gradient");
  }
}

TEST_P(ConvTest, Conv1Forward) {
  const size_t L = lanes();
  for (int offset = 0; offset < 4; offset++) {
    Guarded<float> x(kConv1.in_values() * L), window(6 * 8 * 7 * L), bias(6, offset);
    Guarded<float> weight(kConv1.weights(), offset);
    x = random_images();
    weight = random(weight.size());
    bias = random(bias.size());
    window = random(window.size());
    const std::vector<float> transformed = transform_weight(kConv1, weight.get());
    std::vector<float> cells;
    for (int pair = 0; pair < 14; pair++) {
      Guarded<float> row_pair(6 * 14 * 4 * L);
      kernels().conv1_forward(x.get(), transformed.data(), bias.get(), pair, window.get(),
                              row_pair.get());
      for (float value : row_pair.values()) cells.push_back(value);
    }
    std::vector<Sum> expected(kConv1.out_values() * L);
    for (size_t i = 0; i < expected.size(); i++) expected[i].add(bias[i / (28 * 28 * L)]);
    reference(kConv1).forward(x.get(), weight.get(), &expected);
    std::vector<float> actual(expected.size());
    for_every_output(
        kConv1, [&](int o, int y, int x) { return conv1_cell(o, y, x); },
        [&](size_t plane, size_t cell) { actual[plane] = cells[cell]; });
    closeness_.expect(expected, actual, "out");
  }
}

// Against the two steps that it fuses: activation and pooling, whose own tests come first, and the
// convolution.
TEST_P(ConvTest, Conv1Backward) {
  const size_t L = lanes();
  constexpr int kRowPair = 6 * 14;
  const std::vector<float> x = random_images();
  Guarded<float> images(x.size()), window(6 * 8 * 7 * L), sums(8 * 6 * 5 * L), bias_sums(6 * L);
  images = x;
  for (int a = 0; a < 3; a++) {
    for (int pooling = 0; pooling < 2; pooling++) {
      SCOPED_TRACE(testing::Message() << "activation " << a << ", pooling " << pooling);
      sums = random(sums.size());
      bias_sums = random(bias_sums.size());
      window = random(window.size());
      const std::vector<float> before = sums.values(), bias_before = bias_sums.values();
      std::vector<float> d(kConv1.out_values() * L);
      std::vector<Sum> expected_bias(bias_sums.size());
      for (size_t i = 0; i < bias_before.size(); i++) expected_bias[i].add(bias_before[i]);
      for (int pair = 0; pair < 14; pair++) {
        Guarded<float> cells(kRowPair * 4 * L), dpooled(kRowPair * L);
        AlignedBuffer d_pair(cells.size());
        cells = random(cells.size(), 0, 1);
        dpooled = random(dpooled.size());
        kernels().conv1_backward[a][pooling](images.get(), dpooled.get(), cells.get(), pair,
                                             window.get(), sums.get(), bias_sums.get());
        AlignedBuffer ignored(6 * L);
        kernels().activation_pool_backward[a][pooling](6, 14, dpooled.get(), cells.get(),
                                                       d_pair.data(), ignored.data());
        for_every_output_of_pair(pair, [&](size_t plane, size_t cell) {
          d[plane] = d_pair.data()[cell];
          // Twice the usual: fused, it may be rounded at other places.
          expected_bias[plane / (28 * 28 * L) * L + plane % L].add(d[plane], std::fabs(d[plane]),
                                                                   4);
        });
      }
      closeness_.expect(expected_bias, bias_sums.values(), "bias_sums");
      std::vector<Sum> expected(kConv1.weights() * L);
      reference(kConv1).backward_weight(x.data(), d.data(), &expected);
      for (Sum& sum : expected) sum.roundings *= 2;
      expect_weight_gradient(kConv1, L, before, sums.values(), expected);
    }
  }
}

TEST_P(ConvTest, Conv2Forward) {
  const size_t L = lanes();
  for (int offset = 0; offset < 4; offset++) {
    Guarded<float> in(22 * 6 * 14 * L), bias(16, offset), cells(kConv2.out_values() * L);
    Guarded<float> weight(kConv2.weights(), offset);
    const std::vector<float> planes = random(kConv2.in_values() * L);
    weight = random(weight.size());
    bias = random(bias.size());
    transform_pool1(planes, in.get());
    const std::vector<float> transformed = transform_weight(kConv2, weight.get());
    kernels().conv2_forward(in.get(), transformed.data(), bias.get(), cells.get());
    std::vector<Sum> expected(kConv2.out_values() * L);
    for (size_t i = 0; i < expected.size(); i++) expected[i].add(bias[i / (10 * 10 * L)]);
    reference(kConv2).forward(planes.data(), weight.get(), &expected);
    std::vector<float> actual(expected.size());
    for_every_output(
        kConv2, [&](int o, int y, int x) { return conv2_cell(o, y, x); },
        [&](size_t plane, size_t cell) { actual[plane] = cells[cell]; });
    closeness_.expect(expected, actual, "out");
  }
}

TEST_P(ConvTest, Conv2Backward) {
  const size_t L = lanes();
  Guarded<float> in(22 * 6 * 14 * L), cells(kConv2.out_values() * L);
  Guarded<float> dz(2 * 3 * 16 * 10 * L), sums(8 * 16 * 6 * 5);
  const std::vector<float> planes = random(kConv2.in_values() * L);
  const std::vector<float> weight = random(kConv2.weights());
  const std::vector<float> d = random(kConv2.out_values() * L);
  sums = random(sums.size());
  const std::vector<float> before = sums.values();
  transform_pool1(planes, in.get());
  for_every_output(
      kConv2, [&](int o, int y, int x) { return conv2_cell(o, y, x); },
      [&](size_t plane, size_t cell) { cells[cell] = d[plane]; });
  kernels().conv2_backward(cells.get(), transform_weight(kConv2, weight.data()).data(), in.get(),
                           dz.get(), sums.get());

  std::vector<float> din(planes.size());
  for (int y = 0; y < 14; y++) {
    Guarded<float> row(6 * 14 * L);
    row = random(row.size());
    kernels().conv2_input_gradient_row(in.get(), y, row.get());
    for (int i = 0; i < 6; i++) {
      std::copy_n(&row[i * 14 * L], 14 * L, &din[(size_t(i) * 14 + y) * 14 * L]);
    }
  }
  std::vector<Sum> expected_din(din.size());
  reference(kConv2).backward_data(d.data(), weight.data(), &expected_din);
  closeness_.expect(expected_din, din, "din");

  std::vector<Sum> lane_wise(kConv2.weights() * L), expected(kConv2.weights());
  reference(kConv2).backward_weight(planes.data(), d.data(), &lane_wise);
  for (size_t i = 0; i < lane_wise.size(); i++) {
    const Sum& sum = lane_wise[i];
    expected[i / L].add(sum.value, sum.magnitude, sum.roundings);
  }
  expect_weight_gradient(kConv2, 1, before, sums.values(), expected);
}

LENET_FOR_EVERY_ISA(ConvTest);

}  // namespace
}  // namespace lenet
