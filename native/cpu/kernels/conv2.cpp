// The second convolution, 6 -> 16 channels on 14 x 14, by Winograd along the rows.
//
// in [22 s][6 i][14 y][L]: slot s is a tile of each row at a point. cells [16 o][5 y][5 x][4][L]:
// the four outputs that one pooling window covers, two rows by two columns.
#include "cpu/kernels/layers.h"
#include "cpu/kernels/winograd.h"

namespace lenet::LENET_ISA {
namespace {

constexpr int kIn = kConv1Channels;
constexpr int kOut = kConv2Channels;
constexpr int kSize = kPool1Size;
constexpr int kOutSize = kConv2Size;
constexpr int kCells = kPool2Size;                   // in a row
constexpr int kPointWeights = kOut * kIn * kKernel;  // weight [8 p][16 o][6 i][5 u]

// Where row y of tile k of channel o lies among the cells: its first two values, and a cell further
// its other two.
LENET_INLINE constexpr int cell_at(int o, int k, int y) {
  return ((o * kCells + y / 2) * kCells + 2 * k) * 4 + y % 2 * 2;
}

// kRows rows of kBlock channels in one slot. in [6 i][14 y] from the first row on,
// weight [o][6 i][5 u], initial [o] -> out [o][10 y]
template <int kBlock, int kRows>
LENET_INLINE void forward_slot(const V* in, const float* weight, const V* initial, V* out) {
  V sum[kBlock][kRows];
  LENET_UNROLL
  for (int o = 0; o < kBlock; o++) {
    LENET_UNROLL
    for (int y = 0; y < kRows; y++) sum[o][y] = initial[o];
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

// The outputs' gradient is transformed for two points at a time, dz [2][3 tiles][16 o][10 y]: they
// have most of the arithmetic in common, and for all points it would crowd the L2 cache.
constexpr int kPairs = 4;
constexpr int kPair[kPairs][2] = {{0, 5}, {1, 2}, {3, 4}, {6, 7}};
constexpr int kTileGradient = kOut * kOutSize;
constexpr int kPointGradient = kConv2Tiles * kTileGradient;

template <int kOutputs, int kFirst, int kSecond>
LENET_INLINE void transform_tile(const V* cells, int k, V* dz) {
  for (int o = 0; o < kOut; o++) {
    LENET_UNROLL
    for (int y = 0; y < kOutSize; y++) {
      const V* cell = cells + cell_at(o, k, y);
      V dy[kOutputs], out[kPoints];
      LENET_UNROLL
      for (int x = 0; x < kOutputs; x++) dy[x] = cell[x / 2 * 4 + x % 2];
      transform_output_gradient<kOutputs>(dy, out);
      dz[k * kTileGradient + o * kOutSize + y] = out[kFirst];
      dz[kPointGradient + k * kTileGradient + o * kOutSize + y] = out[kSecond];
    }
  }
}

template <int kPairIndex>
LENET_NOINLINE void transform_pair(const V* cells, V* dz) {
  constexpr int kFirst = kPair[kPairIndex][0], kSecond = kPair[kPairIndex][1];
  for (int k = 0; k < kConv2WideTiles; k++) transform_tile<kWide, kFirst, kSecond>(cells, k, dz);
  if constexpr (conv2_tiles(kFirst) == kConv2Tiles) {
    transform_tile<kNarrow, kFirst, kSecond>(cells, kConv2WideTiles, dz);
  }
}

// One point: sums [16 o][6 i][5 u] += what dz and the input say, summed over the lanes. The input
// slides by as a window of five rows.
LENET_NOINLINE void backward_weight_point(const V* in, const V* dz, int tiles, float* sums) {
  constexpr int kBlock = kManyRegisters ? 4 : 2;
  constexpr int kSummed = 8;  // channels whose products are summed over the lanes together
  V block[kSummed * kIn * kKernel];
  static_assert(kSummed * kIn * kKernel % kLanes == 0);
  for (int ob = 0; ob < kOut; ob += kBlock) {
    for (int i = 0; i < kIn; i++) {
      V sum[kBlock][kKernel];
      LENET_UNROLL
      for (int o = 0; o < kBlock; o++) {
        LENET_UNROLL
        for (int u = 0; u < kKernel; u++) sum[o][u] = splat(0);
      }
      for (int k = 0; k < tiles; k++) {
        const V* x = in + (conv2_slot(k, 0) * kIn + i) * kSize;
        const V* d = dz + k * kTileGradient + ob * kOutSize;
        V window[kSize];
        LENET_UNROLL
        for (int u = 0; u < kKernel - 1; u++) window[u] = x[u];
        LENET_UNROLL
        for (int y = 0; y < kOutSize; y++) {
          window[y + kKernel - 1] = x[y + kKernel - 1];
          LENET_UNROLL
          for (int o = 0; o < kBlock; o++) {
            const V g = d[o * kOutSize + y];
            LENET_UNROLL
            for (int u = 0; u < kKernel; u++) sum[o][u] += g * window[y + u];
          }
        }
      }
      V* out = block + (ob % kSummed * kIn + i) * kKernel;
      LENET_UNROLL
      for (int o = 0; o < kBlock; o++) {
        LENET_UNROLL
        for (int u = 0; u < kKernel; u++) out[o * kIn * kKernel + u] = sum[o][u];
      }
    }
    const int end = ob + kBlock;
    if (end % kSummed == 0) {
      add_lane_sums(kSummed * kIn * kKernel, reinterpret_cast<const float*>(block),
                    sums + (end - kSummed) * kIn * kKernel);
    }
  }
}

// One slot: the input becomes its gradient, a channel's whole column of rows at a time.
LENET_NOINLINE void backward_data_slot(const V* dz, const float* weight, V* in) {
  for (int i = 0; i < kIn; i++) {
    V sum[kSize];
    LENET_UNROLL
    for (int y = 0; y < kSize; y++) sum[y] = splat(0);
    const V* d = dz;
    const float* w = weight + i * kKernel;
    for (int o = 0; o < kOut; o++, d += kOutSize, w += kIn * kKernel) {
      LENET_UNROLL
      for (int u = 0; u < kKernel; u++) {
        const V weights = splat(w[u]);
        LENET_UNROLL
        for (int y = 0; y < kOutSize; y++) sum[y + u] += d[y] * weights;
      }
    }
    V* out = in + i * kSize;
    LENET_UNROLL
    for (int y = 0; y < kSize; y++) out[y] = sum[y];
  }
}

// m [points][kBlock o][10 y] of tile k -> its outputs, of channel `ob` and the following.
template <int kOutputs, int kBlock>
LENET_INLINE void store_outputs(const V (*m)[kBlock * kOutSize], int ob, int k, V* cells) {
  constexpr int kTilePoints = kOutputs == kWide ? kPoints : kNarrowPoints;
  for (int o = 0; o < kBlock; o++) {
    LENET_UNROLL
    for (int y = 0; y < kOutSize; y++) {
      V points[kPoints], out[kOutputs];
      LENET_UNROLL
      for (int p = 0; p < kTilePoints; p++) points[p] = m[p][o * kOutSize + y];
      transform_output<kOutputs>(points, out);
      V* cell = cells + cell_at(ob + o, k, y);
      LENET_UNROLL
      for (int x = 0; x < kOutputs; x++) cell[x / 2 * 4 + x % 2] = out[x];
    }
  }
}

}  // namespace

void conv2_forward(const float* in, const float* weight, const float* bias, float* cells) {
  constexpr int kBlock = 2;
  constexpr int kRows = kManyRegisters ? kOutSize : kOutSize / 2;
  for (int k = 0; k < kConv2Tiles; k++) {
    for (int ob = 0; ob < kOut; ob += kBlock) {
      V m[kPoints][kBlock * kOutSize];
      for (int p = 0; p < conv2_points(k); p++) {
        const V* x = as_vectors(in) + conv2_slot(k, p) * kIn * kSize;
        const float* w = weight + p * kPointWeights + ob * kIn * kKernel;
        V initial[kBlock];
        LENET_UNROLL
        for (int o = 0; o < kBlock; o++) initial[o] = splat(p == kPointOfOnes ? bias[ob + o] : 0);
        for (int y = 0; y < kOutSize; y += kRows) {
          forward_slot<kBlock, kRows>(x + y, w, initial, m[p] + y);
        }
      }
      if (k < kConv2WideTiles) {
        store_outputs<kWide, kBlock>(m, ob, k, as_vectors(cells));
      } else {
        store_outputs<kNarrow, kBlock>(m, ob, k, as_vectors(cells));
      }
    }
  }
}

// The weights' gradient first: the input's gradient overwrites the input that it reads.
template <int kPairIndex>
LENET_INLINE void backward_pair(const V* cells, const float* weight, V* in, V* dz, float* sums) {
  transform_pair<kPairIndex>(cells, dz);
  for (int i = 0; i < 2; i++) {
    const int p = kPair[kPairIndex][i];
    const V* d = dz + i * kPointGradient;
    backward_weight_point(in + conv2_slot(0, p) * kIn * kSize, d, conv2_tiles(p),
                          sums + p * kPointWeights);
    for (int k = 0; k < conv2_tiles(p); k++) {
      backward_data_slot(d + k * kTileGradient, weight + p * kPointWeights,
                         in + conv2_slot(k, p) * kIn * kSize);
    }
  }
}

void conv2_backward(const float* d, const float* weight, float* in, float* dz, float* sums) {
  const V* cells = as_vectors(d);
  backward_pair<0>(cells, weight, as_vectors(in), as_vectors(dz), sums);
  backward_pair<1>(cells, weight, as_vectors(in), as_vectors(dz), sums);
  backward_pair<2>(cells, weight, as_vectors(in), as_vectors(dz), sums);
  backward_pair<3>(cells, weight, as_vectors(in), as_vectors(dz), sums);
}

}  // namespace lenet::LENET_ISA
