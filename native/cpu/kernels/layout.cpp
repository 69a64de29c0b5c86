// Between images in rows and images in lanes.
#include "cpu/kernels/layers.h"

namespace lenet::LENET_ISA {

void gather(const uint8_t* const* images, float scale, float offset, float* x) {
  constexpr int kImage = 28, kPadded = 32, kPad = 2;
  static_assert(kImage * kImage % kLanes == 0);
  const V s = splat(scale), b = splat(offset);
  for (int first = 0; first < kImage * kImage; first += kLanes) {
    V square[kLanes];
    for (int lane = 0; lane < kLanes; lane++) {
      const uint8_t* pixels = images[lane] + first;
      float values[kLanes];
      for (int i = 0; i < kLanes; i++) values[i] = pixels[i];
      square[lane] = load(values);
    }
    transpose(square);
    for (int i = 0; i < kLanes; i++) {
      const int p = first + i;
      as_vectors(x)[(p / kImage + kPad) * kPadded + p % kImage + kPad] = square[i] * s + b;
    }
  }
}

void lanes_to_rows(const float* lanes, int n, float* rows, int stride) {
  const V* v = as_vectors(lanes);
  int first = 0;
  for (; first + kLanes <= n; first += kLanes) {
    V square[kLanes];
    LENET_UNROLL
    for (int i = 0; i < kLanes; i++) square[i] = v[first + i];
    transpose(square);
    LENET_UNROLL
    for (int lane = 0; lane < kLanes; lane++) store(rows + lane * stride + first, square[lane]);
  }
  for (; first < n; first++) {
    for (int lane = 0; lane < kLanes; lane++) {
      rows[lane * stride + first] = lanes[first * kLanes + lane];
    }
  }
}

void rows_to_lanes(const float* rows, int n, int stride, float* lanes) {
  V* v = as_vectors(lanes);
  int first = 0;
  for (; first + kLanes <= n; first += kLanes) {
    V square[kLanes];
    LENET_UNROLL
    for (int lane = 0; lane < kLanes; lane++) square[lane] = load(rows + lane * stride + first);
    transpose(square);
    LENET_UNROLL
    for (int i = 0; i < kLanes; i++) v[first + i] = square[i];
  }
  for (; first < n; first++) {
    for (int lane = 0; lane < kLanes; lane++) {
      lanes[first * kLanes + lane] = rows[lane * stride + first];
    }
  }
}

}  // namespace lenet::LENET_ISA
