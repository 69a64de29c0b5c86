// Activation and 2 x 2 pooling in one pass over what a convolution has just written, pooling
// windows as cells of four neighbouring vectors; and their backward pass.
#include "cpu/kernels/activation.h"
#include "cpu/kernels/layers.h"

namespace lenet::LENET_ISA {

template <Activation kActivation, Pooling kPooling>
void activation_pool_forward(int count, float* cells, float* pooled) {
  V* cell = as_vectors(cells);
  V* out = as_vectors(pooled);
  for (int i = 0; i < count; i++, cell += 4) {
    V y[4];
    LENET_UNROLL
    for (int q = 0; q < 4; q++) cell[q] = y[q] = activate<kActivation>(cell[q]);
    if constexpr (kPooling == Pooling::AVG) {
      out[i] = ((y[0] + y[1]) + (y[2] + y[3])) * splat(0.25f);
    } else {
      out[i] = max(max(y[0], y[1]), max(y[2], y[3]));
    }
  }
}

template <Activation kActivation, Pooling kPooling>
void activation_pool_backward(int channels, int count, const float* dpooled, const float* cells,
                              float* d, float* bias_sums) {
  const V* dout = as_vectors(dpooled);
  const V* cell = as_vectors(cells);
  V* out = as_vectors(d);
  for (int c = 0; c < channels; c++) {
    V bias_sum = splat(0);
    for (int i = 0; i < count; i++, cell += 4, out += 4, dout++) {
      V y[4], dz[4];
      LENET_UNROLL
      for (int q = 0; q < 4; q++) y[q] = cell[q];
      cell_gradient<kActivation, kPooling>(y, *dout, dz);
      LENET_UNROLL
      for (int q = 0; q < 4; q++) out[q] = dz[q];
      bias_sum += (dz[0] + dz[1]) + (dz[2] + dz[3]);
    }
    as_vectors(bias_sums)[c] += bias_sum;
  }
}

#define LENET_INSTANTIATE(ACTIVATION, POOLING)                                                 \
  template void activation_pool_forward<Activation::ACTIVATION, Pooling::POOLING>(int, float*, \
                                                                                  float*);     \
  template void activation_pool_backward<Activation::ACTIVATION, Pooling::POOLING>(            \
      int, int, const float*, const float*, float*, float*);

LENET_FOR_EACH_VARIANT(LENET_INSTANTIATE)

}  // namespace lenet::LENET_ISA
