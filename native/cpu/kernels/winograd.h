// Winograd's minimal filtering in one dimension (Lavin and Gray, Fast Algorithms for Convolutional
// Neural Networks, arXiv:1509.09308): a convolution along a row computes neighbouring outputs
// together from the inputs they share. A wide tile, F(4,5), takes four outputs from eight inputs by
// eight multiplications instead of twenty, at the points 0, 1, -1, 2, -2, infinity, 1/2 and -1/2. A
// narrow one, F(2,5), two outputs from six inputs at the first six points; its other constants are
// chosen so that G, and with it the transformed weights, are those of the wide tile.
//
//   y = A^T [(G w) . (B^T d)]       w [5], d [8], y [4]
//
// Its two gradients come from the same transformed vectors, each transposed once more:
//
//   dd = B [(G w) . (A dy)]         dw = G^T [(A dy) . (B^T d)]
//
// The transforms of w, d and dy are small and their constants nearly all exact, so the result is
// about as accurate as the direct sum: more outputs at a time would need points that are not.
#pragma once

#include "cpu/kernels/kernels.h"
#include "cpu/kernels/vector.h"

namespace lenet::LENET_ISA {

constexpr int kPoints = kConvPoints;
constexpr int kNarrowPoints = 6;
constexpr int kWide = 4;    // outputs of a wide tile
constexpr int kNarrow = 2;  // and of a narrow one

constexpr float kG[kPoints][kKernel] = {
    {1, 0, 0, 0, 0},
    {2.f / 9, 2.f / 9, 2.f / 9, 2.f / 9, 2.f / 9},
    {2.f / 9, -2.f / 9, 2.f / 9, -2.f / 9, 2.f / 9},
    {1.f / 90, 2.f / 90, 4.f / 90, 8.f / 90, 16.f / 90},
    {1.f / 90, -2.f / 90, 4.f / 90, -8.f / 90, 16.f / 90},
    {0, 0, 0, 0, 1},
    {32.f / 45, 16.f / 45, 8.f / 45, 4.f / 45, 2.f / 45},
    {32.f / 45, -16.f / 45, 8.f / 45, -4.f / 45, 2.f / 45},
};
// The point whose row of A is all ones: what is added there is added to every output.
constexpr int kPointOfOnes = 1;

// conv2's rows of ten outputs: two wide tiles and a narrow one. A slot is a tile at a point.
constexpr int kConv2WideTiles = 2;
static_assert(kConv2WideTiles + 1 == kConv2Tiles);
static_assert(kConv2WideTiles * kPoints + kNarrowPoints == kConv2Slots);
LENET_INLINE constexpr int conv2_points(int tile) {
  return tile < kConv2WideTiles ? kPoints : kNarrowPoints;
}
LENET_INLINE constexpr int conv2_slot(int tile, int point) { return tile * kPoints + point; }
LENET_INLINE constexpr int conv2_tiles(int point) {
  return point < kNarrowPoints ? kConv2Tiles : kConv2WideTiles;
}

// B^T d: d [kOutputs + 4] -> out [points]
template <int kOutputs>
LENET_INLINE void transform_input(const V* d, V* out) {
  static_assert(kOutputs == kWide || kOutputs == kNarrow);
  if constexpr (kOutputs == kWide) {
    const V even1 = splat(4.25f) * d[4] - (d[2] + d[6]), odd1 = splat(4.25f) * d[3] - (d[1] + d[5]);
    const V even2 = splat(0.25f) * d[2] + (d[6] - splat(1.25f) * d[4]);
    const V odd2 = splat(0.25f) * d[1] + (d[5] - splat(1.25f) * d[3]);
    const V even3 = splat(4) * d[2] + (d[6] - splat(5) * d[4]);
    const V odd3 = splat(4) * d[1] + (d[5] - splat(5) * d[3]);
    out[0] = splat(5.25f) * (d[4] - d[2]) + (d[0] - d[6]);
    out[1] = even1 + odd1;
    out[2] = even1 - odd1;
    out[3] = even2 + splat(2) * odd2;
    out[4] = even2 - splat(2) * odd2;
    out[5] = splat(5.25f) * (d[3] - d[5]) + (d[7] - d[1]);
    out[6] = even3 + splat(0.5f) * odd3;
    out[7] = even3 - splat(0.5f) * odd3;
  } else {
    const V even1 = splat(3) * d[2] - splat(0.75f) * d[4];
    const V odd1 = splat(3) * d[1] - splat(0.75f) * d[3];
    const V even2 = splat(3.75f) * (d[4] - d[2]), odd2 = d[3] - d[1];
    out[0] = splat(0.25f) * d[4] + (d[0] - splat(1.25f) * d[2]);
    out[1] = even1 + odd1;
    out[2] = even1 - odd1;
    out[3] = even2 + splat(7.5f) * odd2;
    out[4] = even2 - splat(7.5f) * odd2;
    out[5] = splat(4) * d[1] + (d[5] - splat(5) * d[3]);
  }
}

// Tile k of one of conv2's input rows, [14]: store(slot, value) for each slot.
template <int kOutputs, class Store>
LENET_INLINE void transform_conv2_tile(const V* row, int k, Store store) {
  constexpr int kTilePoints = kOutputs == kWide ? kPoints : kNarrowPoints;
  V out[kPoints];
  transform_input<kOutputs>(row + kWide * k, out);
  LENET_UNROLL
  for (int p = 0; p < kTilePoints; p++) store(conv2_slot(k, p), out[p]);
}
// The same for all tiles of the row.
template <class Store>
LENET_INLINE void transform_conv2_row(const V* row, Store store) {
  for (int k = 0; k < kConv2WideTiles; k++) transform_conv2_tile<kWide>(row, k, store);
  transform_conv2_tile<kNarrow>(row, kConv2WideTiles, store);
}

// dd += B m
template <int kOutputs>
LENET_INLINE void add_input_gradient(const V* m, V* dd) {
  const V sum1 = m[1] + m[2], difference1 = m[1] - m[2];
  const V sum2 = m[3] + m[4], difference2 = splat(2) * (m[3] - m[4]);
  dd[0] += m[0];
  if constexpr (kOutputs == kWide) {
    const V sum3 = m[6] + m[7], difference3 = splat(0.5f) * (m[6] - m[7]);
    dd[1] += (splat(0.25f) * difference2 + splat(4) * difference3) - (difference1 + m[5]);
    dd[2] += (splat(0.25f) * sum2 + splat(4) * sum3) - (splat(5.25f) * m[0] + sum1);
    dd[3] += (splat(4.25f) * difference1 + splat(5.25f) * m[5]) -
             (splat(1.25f) * difference2 + splat(5) * difference3);
    dd[4] += (splat(4.25f) * sum1 + splat(5.25f) * m[0]) - (splat(1.25f) * sum2 + splat(5) * sum3);
    dd[5] += (difference2 + difference3) - (splat(5.25f) * m[5] + difference1);
    dd[6] += (sum2 + sum3) - (m[0] + sum1);
    dd[7] += m[5];
  } else {
    dd[1] += splat(3) * difference1 + splat(4) * m[5] - splat(3.75f) * difference2;
    dd[2] += splat(3) * sum1 - (splat(1.25f) * m[0] + splat(3.75f) * sum2);
    dd[3] += splat(3.75f) * difference2 - (splat(0.75f) * difference1 + splat(5) * m[5]);
    dd[4] += splat(0.25f) * m[0] + splat(3.75f) * sum2 - splat(0.75f) * sum1;
    dd[5] += m[5];
  }
}

// A^T m: m [points] -> y [kOutputs]
template <int kOutputs>
LENET_INLINE void transform_output(const V* m, V* y) {
  const V sum1 = m[1] + m[2], difference1 = m[1] - m[2];
  const V sum2 = m[3] + m[4], difference2 = m[3] - m[4];
  if constexpr (kOutputs == kWide) {
    const V sum3 = m[6] + m[7], difference3 = m[6] - m[7];
    y[0] = (m[0] + sum1) + (sum2 + sum3);
    y[1] = difference1 + splat(2) * difference2 + splat(0.5f) * difference3;
    y[2] = sum1 + splat(4) * sum2 + splat(0.25f) * sum3;
    y[3] = (m[5] + difference1) + splat(8) * difference2 + splat(0.125f) * difference3;
  } else {
    y[0] = (m[0] + sum1) + sum2;
    y[1] = (m[5] + difference1) + splat(2) * difference2;
  }
}

// A dy: dy [kOutputs] -> out [points]
template <int kOutputs>
LENET_INLINE void transform_output_gradient(const V* dy, V* out) {
  if constexpr (kOutputs == kWide) {
    const V even1 = dy[0] + dy[2], odd1 = dy[1] + dy[3];
    const V even2 = dy[0] + splat(4) * dy[2], odd2 = dy[1] + splat(4) * dy[3];
    const V even3 = dy[0] + splat(0.25f) * dy[2], odd3 = dy[1] + splat(0.25f) * dy[3];
    out[0] = dy[0];
    out[1] = even1 + odd1;
    out[2] = even1 - odd1;
    out[3] = even2 + splat(2) * odd2;
    out[4] = even2 - splat(2) * odd2;
    out[5] = dy[3];
    out[6] = even3 + splat(0.5f) * odd3;
    out[7] = even3 - splat(0.5f) * odd3;
  } else {
    out[0] = dy[0];
    out[1] = dy[0] + dy[1];
    out[2] = dy[0] - dy[1];
    out[3] = dy[0] + splat(2) * dy[1];
    out[4] = dy[0] - splat(2) * dy[1];
    out[5] = dy[1];
  }
}

}  // namespace lenet::LENET_ISA
