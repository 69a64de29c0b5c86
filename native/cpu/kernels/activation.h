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

}  // namespace lenet::LENET_ISA
