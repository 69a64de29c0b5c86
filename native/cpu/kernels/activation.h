// The activation functions, and their derivatives as told by their output.
#pragma once

#include "cpu/kernels/math.h"
#include "lenet/engine.h"

namespace lenet::LENET_ISA {

template <Activation kActivation>
LENET_INLINE V activate(V z) {
  if constexpr (kActivation == Activation::SIGMOID) return sigmoid(z);
  if constexpr (kActivation == Activation::TANH) return tanh(z);
  // In this order a NaN comes through.
  if constexpr (kActivation == Activation::RELU) return z < splat(0) ? splat(0) : z;
}

template <Activation kActivation>
LENET_INLINE V derivative(V y) {
  if constexpr (kActivation == Activation::SIGMOID) return y - y * y;
  if constexpr (kActivation == Activation::TANH) return splat(1) - y * y;
  if constexpr (kActivation == Activation::RELU) return y > splat(0) ? splat(1) : splat(0);
}

// The gradient of the four pre-activations under a pooling window from that of its output.
template <Activation kActivation, Pooling kPooling>
LENET_INLINE void cell_gradient(const V* y, V dout, V* dz) {
  if constexpr (kPooling == Pooling::AVG) {
    const V quarter = dout * splat(0.25f);
    LENET_UNROLL
    for (int q = 0; q < 4; q++) dz[q] = quarter;
  } else {
    // The whole gradient goes to the first value that equals the maximum.
    const V largest = max(max(y[0], y[1]), max(y[2], y[3]));
    LENET_UNROLL
    for (int q = 0; q < 4; q++) {
      dz[q] = y[q] == largest ? dout : splat(0);
      dout = y[q] == largest ? splat(0) : dout;
    }
  }
  LENET_UNROLL
  for (int q = 0; q < 4; q++) dz[q] = dz[q] * derivative<kActivation>(y[q]);
}

}  // namespace lenet::LENET_ISA
