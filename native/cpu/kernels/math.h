// exp, sigmoid and tanh on vectors, within 2 to 4 units in the last place. The polynomials were
// fitted by iteratively reweighted least squares to equal relative error; the error that each one
// alone makes is named beside it.
#pragma once

#include "cpu/kernels/vector.h"

namespace lenet::LENET_ISA {

// exp(x), x clamped to [-87, 88] so that the result stays a normal number. NaN stays NaN.
LENET_INLINE V exp(V x) {
  const V kLog2E = splat(1.44269504f);
  // ln 2 in two parts, the first with few enough bits for n * part to be exact.
  const V kLn2High = splat(0.693359375f);
  const V kLn2Low = splat(-2.12194440e-4f);
  // Adding 1.5 * 2^23 rounds to an integer, which then stands in the low bits.
  const V kRound = splat(12582912.0f);
  // In this order of the arguments a NaN comes through.
  x = min(splat(88.0f), max(splat(-87.0f), x));
  V shifted = x * kLog2E + kRound;
  V n = shifted - kRound;
  V r = (x - n * kLn2High) - n * kLn2Low;
  // exp(r) on |r| <= ln(2) / 2: relative error 3e-9.
  V p = splat(0.001381461275741458f);
  p = p * r + splat(0.008368710055947304f);
  p = p * r + splat(0.04166838899254799f);
  p = p * r + splat(0.1666652113199234f);
  p = p * r + splat(0.4999999403953552f);
  p = p * (r * r) + r + splat(1.0f);
  // Times 2^n: n goes into the exponent.
  VI scale = reinterpret_cast<VI>(shifted) << 23;
  return reinterpret_cast<V>(reinterpret_cast<VI>(p) + scale);
}

LENET_INLINE V sigmoid(V x) { return splat(1.0f) / (splat(1.0f) + exp(-x)); }

LENET_INLINE V tanh(V x) {
  // Near zero 1 - 2 / (exp(2x) + 1) cancels: there an odd polynomial, relative error 2e-10.
  V square = x * x;
  V p = splat(0.0021652134601026773f);
  p = p * square + splat(-0.00820431113243103f);
  p = p * square + splat(0.02171299420297146f);
  p = p * square + splat(-0.053949370980262756f);
  p = p * square + splat(0.13333231210708618f);
  p = p * square + splat(-0.3333333134651184f);
  V small = p * square * x + x;
  V large = splat(1.0f) - splat(2.0f) / (exp(x + x) + splat(1.0f));
  return square < splat(0.625f * 0.625f) ? small : large;
}

}  // namespace lenet::LENET_ISA
