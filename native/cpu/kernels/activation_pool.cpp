// Activation and 2 x 2 pooling in one pass over the rows that a convolution has just written, and
// their backward pass.
#include "cpu/kernels/activation.h"
#include "cpu/kernels/layers.h"

namespace lenet::LENET_ISA {

template <Activation kActivation, Pooling kPooling>
void activation_pool_forward(int channels, int size, int row_pair, float* values, float* pooled) {
  const int half = size / 2;
  for (int c = 0; c < channels; c++) {
    V* top = as_vectors(values) + (c * size + 2 * row_pair) * size;
    V* bottom = top + size;
    V* out = as_vectors(pooled) + (c * half + row_pair) * half;
    for (int x = 0; x < half; x++) {
      V a = top[2 * x] = activate<kActivation>(top[2 * x]);
      V b = top[2 * x + 1] = activate<kActivation>(top[2 * x + 1]);
      V c0 = bottom[2 * x] = activate<kActivation>(bottom[2 * x]);
      V d = bottom[2 * x + 1] = activate<kActivation>(bottom[2 * x + 1]);
      if constexpr (kPooling == Pooling::AVG) {
        out[x] = ((a + b) + (c0 + d)) * splat(0.25f);
      } else {
        out[x] = max(max(a, b), max(c0, d));
      }
    }
  }
}

template <Activation kActivation, Pooling kPooling>
void activation_pool_backward(int channels, int size, const float* pooled, const float* dpooled,
                              float* values, float* bias_sums) {
  const int half = size / 2;
  for (int c = 0; c < channels; c++) {
    V bias_sum = splat(0);
    for (int y = 0; y < half; y++) {
      V* top = as_vectors(values) + (c * size + 2 * y) * size;
      V* bottom = top + size;
      const V* dout = as_vectors(dpooled) + (c * half + y) * half;
      const V* out = as_vectors(pooled) + (c * half + y) * half;
      for (int x = 0; x < half; x++) {
        V* cell[4] = {top + 2 * x, top + 2 * x + 1, bottom + 2 * x, bottom + 2 * x + 1};
        V d[4];
        if constexpr (kPooling == Pooling::AVG) {
          V quarter = dout[x] * splat(0.25f);
          LENET_UNROLL
          for (int q = 0; q < 4; q++) d[q] = quarter;
        } else {
          // The whole gradient goes to the first cell that equals the maximum.
          V left = dout[x];
          LENET_UNROLL
          for (int q = 0; q < 4; q++) {
            d[q] = *cell[q] == out[x] ? left : splat(0);
            left = *cell[q] == out[x] ? splat(0) : left;
          }
        }
        LENET_UNROLL
        for (int q = 0; q < 4; q++) {
          d[q] = d[q] * derivative<kActivation>(*cell[q]);
          *cell[q] = d[q];
        }
        bias_sum += (d[0] + d[1]) + (d[2] + d[3]);
      }
    }
    as_vectors(bias_sums)[c] += bias_sum;
  }
}

#define LENET_INSTANTIATE(ACTIVATION, POOLING)                                                     \
  template void activation_pool_forward<Activation::ACTIVATION, Pooling::POOLING>(int, int, int,   \
                                                                                  float*, float*); \
  template void activation_pool_backward<Activation::ACTIVATION, Pooling::POOLING>(                \
      int, int, const float*, const float*, float*, float*);

LENET_INSTANTIATE(SIGMOID, AVG)
LENET_INSTANTIATE(SIGMOID, MAX)
LENET_INSTANTIATE(TANH, AVG)
LENET_INSTANTIATE(TANH, MAX)
LENET_INSTANTIATE(RELU, AVG)
LENET_INSTANTIATE(RELU, MAX)

}  // namespace lenet::LENET_ISA
