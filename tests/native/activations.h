// The activation functions and their derivatives in double, for the references of several tests.
#pragma once

#include <cfloat>
#include <cmath>

#include "lenet/engine.h"

namespace lenet {

constexpr Activation kActivations[] = {Activation::SIGMOID, Activation::TANH, Activation::RELU};

// What native/cpu/kernels/math.h promises.
constexpr double kMaxUlps = 4;

// The distance of neighbouring floats at a value; 0 in the range of denormal numbers, which are
// flushed to zero.
inline double ulp(double value) {
  return std::fabs(value) < FLT_MIN ? 0 : std::ldexp(1.0, std::ilogb(value) - 23);
}

inline double activation_of(Activation activation, double x) {
  switch (activation) {
    case Activation::SIGMOID:
      return 1 / (1 + std::exp(-x));
    case Activation::TANH:
      return std::tanh(x);
    default:
      return x < 0 ? 0 : x;
  }
}

// The derivative told by the output y.
inline double derivative_of(Activation activation, double y) {
  switch (activation) {
    case Activation::SIGMOID:
      return y - y * y;
    case Activation::TANH:
      return 1 - y * y;
    default:
      return y > 0 ? 1 : 0;
  }
}

// The sum of the magnitudes of the derivative's terms.
inline double derivative_magnitude(Activation activation, double y) {
  switch (activation) {
    case Activation::SIGMOID:
      return std::fabs(y) + y * y;
    case Activation::TANH:
      return 1 + y * y;
    default:
      return derivative_of(activation, y);
  }
}

}  // namespace lenet
