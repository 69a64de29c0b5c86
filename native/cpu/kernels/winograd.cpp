// The Winograd transforms that are not part of a convolution's inner loop.
#include "cpu/kernels/winograd.h"

#include "cpu/kernels/layers.h"

namespace lenet::LENET_ISA {
namespace {

constexpr int kChannels = kConv1Channels;
constexpr int kSize = kPool1Size;

// transformed [22 s][6 i][14 y]
LENET_INLINE int at(int slot, int i, int y) { return (slot * kChannels + i) * kSize + y; }

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
    transform_conv2_row(as_vectors(pooled) + i * kSize, [&](int slot, V value) {
      as_vectors(transformed)[at(slot, i, y)] = value;
    });
  }
}

void conv2_input_gradient_row(const float* transformed, int y, float* dpooled) {
  for (int i = 0; i < kChannels; i++) {
    V row[kSize];
    LENET_UNROLL
    for (int x = 0; x < kSize; x++) row[x] = splat(0);
    LENET_UNROLL
    for (int k = 0; k < kConv2Tiles; k++) {
      V m[kPoints];
      LENET_UNROLL
      for (int p = 0; p < conv2_points(k); p++) {
        m[p] = as_vectors(transformed)[at(conv2_slot(k, p), i, y)];
      }
      if (k < kConv2WideTiles) {
        add_input_gradient<kWide>(m, row + kWide * k);
      } else {
        add_input_gradient<kNarrow>(m, row + kWide * k);
      }
    }
    LENET_UNROLL
    for (int x = 0; x < kSize; x++) as_vectors(dpooled)[i * kSize + x] = row[x];
  }
}

}  // namespace lenet::LENET_ISA
