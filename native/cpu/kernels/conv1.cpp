// The first convolution, 1 -> 6 channels on 32 x 32, by Winograd along the rows.
#include "cpu/kernels/layers.h"
#include "cpu/kernels/winograd.h"

namespace lenet::LENET_ISA {
namespace {

constexpr int kChannels = 6;
constexpr int kPadded = 32;
constexpr int kTiles = 14;              // in a row
constexpr int kRow = kPoints * kTiles;  // vectors of a transformed row
constexpr int kBlock = kManyRegisters ? 3 : 2;

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
      transform_input(in + 2 * k, t);
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

// One point of both rows of kBlock channels: sums [o][6 p][5 u] of the lane-wise products.
template <int p>
LENET_NOINLINE void add_weight_gradient(const Window& x, const V* d, V* sums) {
  const V* const rows[] = {x.rows[0] + p * kTiles, x.rows[1] + p * kTiles, x.rows[2] + p * kTiles,
                           x.rows[3] + p * kTiles, x.rows[4] + p * kTiles, x.rows[5] + p * kTiles};
  for (int ob = 0; ob < kChannels; ob += kBlock) {
    V* out = sums + (p * kChannels + ob) * kKernel;
    V sum[kBlock][kKernel];
    LENET_UNROLL
    for (int o = 0; o < kBlock; o++) {
      LENET_UNROLL
      for (int u = 0; u < kKernel; u++) sum[o][u] = out[o * kKernel + u];
    }
    for (int k = 0; k < kTiles; k++) {
      const V* cell = d + (ob * kTiles + k) * 4;
      V window[kConv1Window];
      LENET_UNROLL
      for (int u = 0; u < kConv1Window; u++) window[u] = rows[u][k];
      LENET_UNROLL
      for (int r = 0; r < 2; r++) {
        LENET_UNROLL
        for (int o = 0; o < kBlock; o++) {
          const V* pair = cell + o * kTiles * 4 + 2 * r;
          const V dz = transform_output_gradient<p>(pair[0], pair[1]);
          LENET_UNROLL
          for (int u = 0; u < kKernel; u++) sum[o][u] += dz * window[u + r];
        }
      }
    }
    LENET_UNROLL
    for (int o = 0; o < kBlock; o++) {
      LENET_UNROLL
      for (int u = 0; u < kKernel; u++) out[o * kKernel + u] = sum[o][u];
    }
  }
}

}  // namespace

void conv1_forward(const float* x, const float* weight, const float* bias, int row_pair,
                   float* window, float* cells) {
  constexpr int kFold = 3;
  static_assert(kChannels % kFold == 0);
  const Window in = slide_window(as_vectors(x), row_pair, as_vectors(window));
  for (int ob = 0; ob < kChannels; ob += kFold) {
    for (int k = 0; k < kTiles; k++) {
      V left[2][kFold], right[2][kFold];
      LENET_UNROLL
      for (int p = 0; p < kPoints; p++) {
        const float* w = weight + (p * kChannels + ob) * kKernel;
        V m[2][kFold];
        LENET_UNROLL
        for (int o = 0; o < kFold; o++) {
          // The two points that reach one output only bring its bias.
          m[0][o] = m[1][o] = splat(p == 0 || p == kPoints - 1 ? bias[ob + o] : 0);
        }
        LENET_UNROLL
        for (int u = 0; u < kKernel; u++) {
          const V top = in.rows[u][p * kTiles + k], bottom = in.rows[u + 1][p * kTiles + k];
          LENET_UNROLL
          for (int o = 0; o < kFold; o++) {
            const V weights = splat(w[o * kKernel + u]);
            m[0][o] += top * weights;
            m[1][o] += bottom * weights;
          }
        }
        // A^T, point by point.
        LENET_UNROLL
        for (int r = 0; r < 2; r++) {
          LENET_UNROLL
          for (int o = 0; o < kFold; o++) {
            if (p == 0) left[r][o] = m[r][o];
            if (p >= 1 && p <= 4) left[r][o] += m[r][o];
            if (p == 1) right[r][o] = m[r][o];
            if (p == 2) right[r][o] -= m[r][o];
            if (p == 3) right[r][o] += splat(2) * m[r][o];
            if (p == 4) right[r][o] -= splat(2) * m[r][o];
            if (p == 5) right[r][o] += m[r][o];
          }
        }
      }
      LENET_UNROLL
      for (int o = 0; o < kFold; o++) {
        V* cell = as_vectors(cells) + ((ob + o) * kTiles + k) * 4;
        LENET_UNROLL
        for (int r = 0; r < 2; r++) {
          cell[2 * r] = left[r][o];
          cell[2 * r + 1] = right[r][o];
        }
      }
    }
  }
}

void conv1_backward_weight(const float* x, const float* d, int row_pair, float* window,
                           float* sums) {
  const Window in = slide_window(as_vectors(x), row_pair, as_vectors(window));
  add_weight_gradient<0>(in, as_vectors(d), as_vectors(sums));
  add_weight_gradient<1>(in, as_vectors(d), as_vectors(sums));
  add_weight_gradient<2>(in, as_vectors(d), as_vectors(sums));
  add_weight_gradient<3>(in, as_vectors(d), as_vectors(sums));
  add_weight_gradient<4>(in, as_vectors(d), as_vectors(sums));
  add_weight_gradient<5>(in, as_vectors(d), as_vectors(sums));
}

}  // namespace lenet::LENET_ISA
