// The Winograd transforms that are not part of a convolution's inner loop.
#include "cpu/kernels/winograd.h"

#include "cpu/kernels/layers.h"

namespace lenet::LENET_ISA {
namespace {

constexpr int kChannels = 6;
constexpr int kSize = 14;                // of pool1's planes
constexpr int kTiles = (kSize - 4) / 2;  // in a row

// transformed [5 k][6 p][6 i][14 y]
LENET_INLINE int at(int k, int p, int i, int y) {
  return ((k * kPoints + p) * kChannels + i) * kSize + y;
}

}  // namespace

void winograd_weight(const float* weight, int rows, float* transformed) {
  for (int p = 0; p < kPoints; p++) {
    for (int row = 0; row < rows; row++) {
      float sum = 0;
      for (int v = 0; v < kKernel; v++) sum += kG[p][v] * weight[row * kKernel + v];
      transformed[p * rows + row] = sum;
    }
  }
}

void winograd_weight_gradient(const float* transformed, int rows, float* gradient) {
  for (int row = 0; row < rows; row++) {
    for (int v = 0; v < kKernel; v++) {
      float sum = 0;
      for (int p = 0; p < kPoints; p++) sum += kG[p][v] * transformed[p * rows + row];
      gradient[row * kKernel + v] = sum;
    }
  }
}

void conv2_input_row(const float* pooled, int y, float* transformed) {
  for (int i = 0; i < kChannels; i++) {
    const V* row = as_vectors(pooled) + i * kSize;
    LENET_UNROLL
    for (int k = 0; k < kTiles; k++) {
      V out[kPoints];
      transform_input(row + 2 * k, out);
      LENET_UNROLL
      for (int p = 0; p < kPoints; p++) as_vectors(transformed)[at(k, p, i, y)] = out[p];
    }
  }
}

void conv2_input_gradient_row(const float* transformed, int y, float* dpooled) {
  for (int i = 0; i < kChannels; i++) {
    V row[kSize];
    LENET_UNROLL
    for (int x = 0; x < kSize; x++) row[x] = splat(0);
    LENET_UNROLL
    for (int k = 0; k < kTiles; k++) {
      V m[kPoints];
      LENET_UNROLL
      for (int p = 0; p < kPoints; p++) m[p] = as_vectors(transformed)[at(k, p, i, y)];
      add_input_gradient(m, row + 2 * k);
    }
    LENET_UNROLL
    for (int x = 0; x < kSize; x++) as_vectors(dpooled)[i * kSize + x] = row[x];
  }
}

}  // namespace lenet::LENET_ISA
