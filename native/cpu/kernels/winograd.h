// Winograd's F(2,5) in one dimension: a convolution along a row computes two neighbouring outputs
// at a time from six inputs by six multiplications instead of ten, at the points 0, 1, -1, 2, -2
// and infinity.
//
//   y = A^T [(G w) . (B^T d)]       w [5], d [6], y [2]
//
// Its two gradients come from the same transformed vectors, each transposed once more:
//
//   dd = B [(G w) . (A dy)]         dw = G^T [(A dy) . (B^T d)]
//
// The transforms of w, d and dy are exact up to rounding and small, so the result is about as
// accurate as the direct sum. A column of outputs shares the row's tile of six inputs, hence the
// layouts: [point][...].
#pragma once

#include "cpu/kernels/vector.h"

namespace lenet::LENET_ISA {

constexpr int kPoints = 6;
constexpr int kKernel = 5;

constexpr float kG[kPoints][kKernel] = {
    {1.f / 4, 0, 0, 0, 0},
    {-1.f / 6, -1.f / 6, -1.f / 6, -1.f / 6, -1.f / 6},
    {-1.f / 6, 1.f / 6, -1.f / 6, 1.f / 6, -1.f / 6},
    {1.f / 24, 2.f / 24, 4.f / 24, 8.f / 24, 16.f / 24},
    {1.f / 24, -2.f / 24, 4.f / 24, -8.f / 24, 16.f / 24},
    {0, 0, 0, 0, 1},
};

// B^T d
LENET_INLINE void transform_input(const V* d, V* out) {
  const V even = d[4] - splat(4) * d[2], odd = d[3] - splat(4) * d[1];
  const V even2 = d[4] - d[2], odd2 = d[3] - d[1];
  out[0] = splat(4) * d[0] + (d[4] - splat(5) * d[2]);
  out[1] = even + odd;
  out[2] = even - odd;
  out[3] = splat(2) * odd2 + even2;
  out[4] = even2 - splat(2) * odd2;
  out[5] = splat(4) * d[1] + (d[5] - splat(5) * d[3]);
}

// dd += B m
LENET_INLINE void add_input_gradient(const V* m, V* dd) {
  const V sum1 = m[1] + m[2], difference1 = m[1] - m[2];
  const V sum2 = m[3] + m[4], difference2 = m[3] - m[4];
  dd[0] += splat(4) * m[0];
  dd[1] += splat(4) * (m[5] - difference1) - splat(2) * difference2;
  dd[2] -= splat(5) * m[0] + (splat(4) * sum1 + sum2);
  dd[3] += difference1 + splat(2) * difference2 - splat(5) * m[5];
  dd[4] += m[0] + (sum1 + sum2);
  dd[5] += m[5];
}

// Point p of A dy
template <int p>
LENET_INLINE V transform_output_gradient(V dy0, V dy1) {
  static_assert(p >= 0 && p < kPoints);
  if constexpr (p == 0) return dy0;
  if constexpr (p == 1) return dy0 + dy1;
  if constexpr (p == 2) return dy0 - dy1;
  if constexpr (p == 3) return dy0 + splat(2) * dy1;
  if constexpr (p == 4) return dy0 - splat(2) * dy1;
  return dy1;
}

}  // namespace lenet::LENET_ISA
