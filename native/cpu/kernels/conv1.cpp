// The first convolution, 1 -> 6 channels on 32 x 32, by Winograd along the rows.
#include "cpu/kernels/activation.h"
#include "cpu/kernels/layers.h"
#include "cpu/kernels/winograd.h"

namespace lenet::LENET_ISA {
namespace {

constexpr int kChannels = kConv1Channels;
constexpr int kPadded = 32;
constexpr int kTiles = kImageSize / kWide;  // in a row
constexpr int kCells = kPool1Size;          // in a row pair
constexpr int kRow = kPoints * kTiles;      // vectors of a transformed row
constexpr int kBlock = kManyRegisters ? 3 : 2;
static_assert(kChannels % kBlock == 0);

// The rows that a pair of output rows reads, first row first.
struct Window {
  const V* rows[kConv1Window];
};

// Transforms the input rows that this row pair is the first to read.
LENET_INLINE Window slide_window(const V* x, int row_pair, V* window) {
  const int end = 2 * row_pair + kConv1Window;
  for (int row = row_pair == 0 ? 0 : end - 2; row < end; row++) {
    const V* in = x + row * kPadded;
    V* out = window + row % kConv1Window * kRow;
    for (int k = 0; k < kTiles; k++) {
      V t[kPoints];
      transform_input<kWide>(in + kWide * k, t);
      LENET_UNROLL
      for (int p = 0; p < kPoints; p++) out[p * kTiles + k] = t[p];
    }
  }
  Window result;
  for (int u = 0; u < kConv1Window; u++) {
    result.rows[u] = window + (2 * row_pair + u) % kConv1Window * kRow;
  }
  return result;
}

// From the activations of a row pair's kBlock channels, cells [o][14 x][4], and the gradient of
// their pools, dpooled [o][14 x]: the gradient of the outputs, transformed: dz [8 p][7 k][2 r][o].
template <Activation kActivation, Pooling kPooling>
LENET_INLINE void output_gradient(const V* dpooled, const V* cells, V* dz, V* bias_sums) {
  V bias[kBlock];
  LENET_UNROLL
  for (int o = 0; o < kBlock; o++) bias[o] = bias_sums[o];
  for (int k = 0; k < kTiles; k++) {
    LENET_UNROLL
    for (int o = 0; o < kBlock; o++) {
      const int left = o * kCells + 2 * k;
      V d[2][4];
      LENET_UNROLL
      for (int i = 0; i < 2; i++) {
        cell_gradient<kActivation, kPooling>(cells + (left + i) * 4, dpooled[left + i], d[i]);
        bias[o] += (d[i][0] + d[i][1]) + (d[i][2] + d[i][3]);
      }
      LENET_UNROLL
      for (int r = 0; r < 2; r++) {
        const V dy[] = {d[0][2 * r], d[0][2 * r + 1], d[1][2 * r], d[1][2 * r + 1]};
        V out[kPoints];
        transform_output_gradient<kWide>(dy, out);
        LENET_UNROLL
        for (int p = 0; p < kPoints; p++) dz[((p * kTiles + k) * 2 + r) * kBlock + o] = out[p];
      }
    }
  }
  LENET_UNROLL
  for (int o = 0; o < kBlock; o++) bias_sums[o] = bias[o];
}

// One point of both rows of kBlock channels: sums [o][5 u] of the lane-wise products. x is the
// window at this point, dz [7 k][2 r][o].
LENET_NOINLINE void add_weight_gradient(const Window& x, int p, const V* dz, V* sums) {
  const V* const rows[] = {x.rows[0] + p * kTiles, x.rows[1] + p * kTiles, x.rows[2] + p * kTiles,
                           x.rows[3] + p * kTiles, x.rows[4] + p * kTiles, x.rows[5] + p * kTiles};
  V sum[kBlock][kKernel];
  LENET_UNROLL
  for (int o = 0; o < kBlock; o++) {
    LENET_UNROLL
    for (int u = 0; u < kKernel; u++) sum[o][u] = sums[o * kKernel + u];
  }
  for (int k = 0; k < kTiles; k++) {
    V window[kConv1Window];
    LENET_UNROLL
    for (int u = 0; u < kConv1Window; u++) window[u] = rows[u][k];
    LENET_UNROLL
    for (int r = 0; r < 2; r++) {
      LENET_UNROLL
      for (int o = 0; o < kBlock; o++) {
        const V z = *dz++;
        LENET_UNROLL
        for (int u = 0; u < kKernel; u++) sum[o][u] += z * window[u + r];
      }
    }
  }
  LENET_UNROLL
  for (int o = 0; o < kBlock; o++) {
    LENET_UNROLL
    for (int u = 0; u < kKernel; u++) sums[o * kKernel + u] = sum[o][u];
  }
}

// Both rows of tile k at every point: m [8 p][2 r][6 o].
LENET_INLINE void multiply(const Window& in, int k, const float* weight, const float* bias, V* m) {
  for (int p = 0; p < kPoints; p++) {
    const float* w = weight + p * kChannels * kKernel;
    V sum[2][kChannels];
    LENET_UNROLL
    for (int o = 0; o < kChannels; o++) {
      sum[0][o] = sum[1][o] = splat(p == kPointOfOnes ? bias[o] : 0);
    }
    LENET_UNROLL
    for (int u = 0; u < kKernel; u++) {
      const V top = in.rows[u][p * kTiles + k], bottom = in.rows[u + 1][p * kTiles + k];
      LENET_UNROLL
      for (int o = 0; o < kChannels; o++) {
        const V weights = splat(w[o * kKernel + u]);
        sum[0][o] += top * weights;
        sum[1][o] += bottom * weights;
      }
    }
    LENET_UNROLL
    for (int r = 0; r < 2; r++) {
      LENET_UNROLL
      for (int o = 0; o < kChannels; o++) m[(p * 2 + r) * kChannels + o] = sum[r][o];
    }
  }
}

}  // namespace

void conv1_forward(const float* x, const float* weight, const float* bias, int row_pair,
                   float* window, float* cells) {
  const Window in = slide_window(as_vectors(x), row_pair, as_vectors(window));
  for (int k = 0; k < kTiles; k++) {
    V m[kPoints * 2 * kChannels];
    multiply(in, k, weight, bias, m);
    for (int o = 0; o < kChannels; o++) {
      V* cell = as_vectors(cells) + (o * kCells + 2 * k) * 4;
      LENET_UNROLL
      for (int r = 0; r < 2; r++) {
        V points[kPoints], y[kWide];
        LENET_UNROLL
        for (int p = 0; p < kPoints; p++) points[p] = m[(p * 2 + r) * kChannels + o];
        transform_output<kWide>(points, y);
        LENET_UNROLL
        for (int i = 0; i < kWide; i++) cell[i / 2 * 4 + 2 * r + i % 2] = y[i];
      }
    }
  }
}

template <Activation kActivation, Pooling kPooling>
void conv1_backward(const float* x, const float* dpooled, const float* cells, int row_pair,
                    float* window, float* weight_sums, float* bias_sums) {
  const Window in = slide_window(as_vectors(x), row_pair, as_vectors(window));
  for (int ob = 0; ob < kChannels; ob += kBlock) {
    V dz[kPoints * kTiles * 2 * kBlock];
    output_gradient<kActivation, kPooling>(as_vectors(dpooled) + ob * kCells,
                                           as_vectors(cells) + ob * kCells * 4, dz,
                                           as_vectors(bias_sums) + ob);
    for (int p = 0; p < kPoints; p++) {
      add_weight_gradient(in, p, dz + p * kTiles * 2 * kBlock,
                          as_vectors(weight_sums) + (p * kChannels + ob) * kKernel);
    }
  }
}

#define LENET_INSTANTIATE(ACTIVATION, POOLING)                            \
  template void conv1_backward<Activation::ACTIVATION, Pooling::POOLING>( \
      const float*, const float*, const float*, int, float*, float*, float*);

LENET_FOR_EACH_VARIANT(LENET_INSTANTIATE)

}  // namespace lenet::LENET_ISA
