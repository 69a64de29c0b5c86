// The second convolution, 6 -> 16 channels on 14 x 14, by Winograd along the rows.
//
// in [5 k][6 p][6 i][14 y][L]: tile k of each row at point p. cells [16 o][5 y][5 k][4][L]: the
// four outputs that one pooling window covers, two rows by two columns.
#include "cpu/kernels/layers.h"
#include "cpu/kernels/winograd.h"

namespace lenet::LENET_ISA {
namespace {

constexpr int kIn = 6;
constexpr int kOut = 16;
constexpr int kSize = 14;
constexpr int kOutSize = kSize - kKernel + 1;
constexpr int kTiles = kOutSize / 2;
constexpr int kPointWeights = kOut * kIn * kKernel;  // weight [6 p][16 o][6 i][5 u]

// Where row y of tile k of channel o lies among the cells: its left value; the right one follows.
LENET_INLINE constexpr int cell_at(int o, int k, int y) {
  return ((o * kTiles + y / 2) * kTiles + k) * 4 + y % 2 * 2;
}

// kRows rows of kBlock channels at one point. in [6 i][14 y] from the first row on,
// weight [o][6 i][5 u] -> out [o][10 y]
template <int kBlock, int kRows>
LENET_INLINE void forward_point(const V* in, const float* weight, V* out) {
  V sum[kBlock][kRows];
  LENET_UNROLL
  for (int o = 0; o < kBlock; o++) {
    LENET_UNROLL
    for (int y = 0; y < kRows; y++) sum[o][y] = splat(0);
  }
  for (int i = 0; i < kIn; i++, in += kSize) {
    // Not unrolled: the sums must stay in registers, and the code in the cache.
    _Pragma("GCC unroll 1") for (int u = 0; u < kKernel; u++, weight++) {
      V w[kBlock];
      LENET_UNROLL
      for (int o = 0; o < kBlock; o++) w[o] = splat(weight[o * kIn * kKernel]);
      LENET_UNROLL
      for (int y = 0; y < kRows; y++) {
        const V x = in[u + y];
        LENET_UNROLL
        for (int o = 0; o < kBlock; o++) sum[o][y] += x * w[o];
      }
    }
  }
  LENET_UNROLL
  for (int o = 0; o < kBlock; o++) {
    LENET_UNROLL
    for (int y = 0; y < kRows; y++) out[o * kOutSize + y] = sum[o][y];
  }
}

// dz [16 o][5 k][10 y]: point p of the outputs' gradient.
template <int p>
LENET_NOINLINE void transform_cells(const V* cells, V* dz) {
  for (int o = 0; o < kOut; o++) {
    for (int k = 0; k < kTiles; k++) {
      LENET_UNROLL
      for (int y = 0; y < kOutSize; y++) {
        const V* pair = cells + cell_at(o, k, y);
        dz[(o * kTiles + k) * kOutSize + y] = transform_output_gradient<p>(pair[0], pair[1]);
      }
    }
  }
}

// One point: sums [16 o][6 i][5 u] += what dz and the input say, summed over the lanes. The input
// slides by as a window of five rows.
LENET_NOINLINE void backward_weight_point(const V* in, const V* dz, float* sums) {
  constexpr int kBlock = kManyRegisters ? 4 : 2;
  for (int ob = 0; ob < kOut; ob += kBlock) {
    V block[kBlock * kIn * kKernel];
    for (int i = 0; i < kIn; i++) {
      V sum[kBlock][kKernel];
      LENET_UNROLL
      for (int o = 0; o < kBlock; o++) {
        LENET_UNROLL
        for (int u = 0; u < kKernel; u++) sum[o][u] = splat(0);
      }
      for (int k = 0; k < kTiles; k++) {
        const V* x = in + (k * kPoints * kIn + i) * kSize;
        const V* d = dz + (ob * kTiles + k) * kOutSize;
        V window[kSize];
        LENET_UNROLL
        for (int u = 0; u < kKernel - 1; u++) window[u] = x[u];
        LENET_UNROLL
        for (int y = 0; y < kOutSize; y++) {
          window[y + kKernel - 1] = x[y + kKernel - 1];
          LENET_UNROLL
          for (int o = 0; o < kBlock; o++) {
            const V g = d[o * kTiles * kOutSize + y];
            LENET_UNROLL
            for (int u = 0; u < kKernel; u++) sum[o][u] += g * window[y + u];
          }
        }
      }
      LENET_UNROLL
      for (int o = 0; o < kBlock; o++) {
        LENET_UNROLL
        for (int u = 0; u < kKernel; u++) block[(o * kIn + i) * kKernel + u] = sum[o][u];
      }
    }
    add_lane_sums(kBlock * kIn * kKernel, reinterpret_cast<const float*>(block),
                  sums + ob * kIn * kKernel);
  }
}

// One point: the input becomes its gradient, a channel's whole column of rows at a time.
LENET_NOINLINE void backward_data_point(const V* dz, const float* weight, V* in) {
  for (int k = 0; k < kTiles; k++) {
    for (int i = 0; i < kIn; i++) {
      V sum[kSize];
      LENET_UNROLL
      for (int y = 0; y < kSize; y++) sum[y] = splat(0);
      const V* d = dz + k * kOutSize;
      const float* w = weight + i * kKernel;
      for (int o = 0; o < kOut; o++, d += kTiles * kOutSize, w += kIn * kKernel) {
        LENET_UNROLL
        for (int u = 0; u < kKernel; u++) {
          const V weights = splat(w[u]);
          LENET_UNROLL
          for (int y = 0; y < kOutSize; y++) sum[y + u] += d[y] * weights;
        }
      }
      V* out = in + (k * kPoints * kIn + i) * kSize;
      LENET_UNROLL
      for (int y = 0; y < kSize; y++) out[y] = sum[y];
    }
  }
}

template <int p>
LENET_INLINE void backward_point(const V* cells, const float* weight, V* in, float* sums, V* dz) {
  transform_cells<p>(cells, dz);
  // Before its gradient overwrites the input.
  backward_weight_point(in + p * kIn * kSize, dz, sums + p * kPointWeights);
  backward_data_point(dz, weight + p * kPointWeights, in + p * kIn * kSize);
}

}  // namespace

void conv2_forward(const float* in, const float* weight, const float* bias, float* cells) {
  constexpr int kBlock = 2;
  constexpr int kRows = kManyRegisters ? kOutSize : kOutSize / 2;
  for (int k = 0; k < kTiles; k++) {
    for (int ob = 0; ob < kOut; ob += kBlock) {
      V m[kPoints][kBlock * kOutSize];
      for (int p = 0; p < kPoints; p++) {
        const V* x = as_vectors(in) + (k * kPoints + p) * kIn * kSize;
        const float* w = weight + p * kPointWeights + ob * kIn * kKernel;
        for (int y = 0; y < kOutSize; y += kRows) {
          forward_point<kBlock, kRows>(x + y, w, m[p] + y);
        }
      }
      for (int o = 0; o < kBlock; o++) {
        const V b = splat(bias[ob + o]);
        LENET_UNROLL
        for (int y = 0; y < kOutSize; y++) {
          const int at = o * kOutSize + y;
          const V sum1 = m[1][at] + m[2][at], difference1 = m[1][at] - m[2][at];
          const V sum2 = m[3][at] + m[4][at], difference2 = m[3][at] - m[4][at];
          V* pair = as_vectors(cells) + cell_at(ob + o, k, y);
          pair[0] = (b + m[0][at]) + (sum1 + sum2);
          pair[1] = (b + m[5][at]) + (difference1 + splat(2) * difference2);
        }
      }
    }
  }
}

void conv2_backward(const float* d, const float* weight, float* in, float* sums) {
  V dz[kOut * kTiles * kOutSize];
  const V* cells = as_vectors(d);
  V* x = as_vectors(in);
  backward_point<0>(cells, weight, x, sums, dz);
  backward_point<1>(cells, weight, x, sums, dz);
  backward_point<2>(cells, weight, x, sums, dz);
  backward_point<3>(cells, weight, x, sums, dz);
  backward_point<4>(cells, weight, x, sums, dz);
  backward_point<5>(cells, weight, x, sums, dz);
}

}  // namespace lenet::LENET_ISA
