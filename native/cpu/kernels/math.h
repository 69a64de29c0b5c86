// exp, sigmoid and tanh on vectors, within 2 to 4 units in the last place. The polynomials were
// fitted by iteratively reweighted least squares to equal relative error; the error that each one
// alone makes is named beside it.
#pragma once

#include "cpu/kernels/vector.h"

namespace lenet::LENET_ISA {

// exp(x), x in [-87, 88], where the result is a normal number.
LENET_INLINE V exp_in_range(V x) {
  const V kLog2E = splat(1.44269504f);
  // ln 2 in two parts, the first with few enough bits for n * part to be exact.
  const V kLn2High = splat(0.693359375f);
  const V kLn2Low = splat(-2.12194440e-4f);
  // Adding 1.5 * 2^23 rounds to an integer, which then stands in the low bits.
  const V kRound = splat(12582912.0f);
  V shifted = x * kLog2E + kRound;
  V n = shifted - kRound;
  V r = (x - n * kLn2High) - n * kLn2Low;
  // exp(r) on |r| <= ln(2) / 2: relative error 9e-8.
  V p = splat(0.00828920304775238f);
  p = p * r + splat(0.04189782217144966f);
  p = p * r + splat(0.16667652130126953f);
  p = p * r + splat(0.4999915063381195f);
  p = p * r + splat(0.9999997019767761f);
  p = p * r + splat(1.0f);
  // Times 2^n: n goes into the exponent.
  VI scale = reinterpret_cast<VI>(shifted) << 23;
  return reinterpret_cast<V>(reinterpret_cast<VI>(p) + scale);
}

// The clamps let a NaN through, in this order of their arguments.
LENET_INLINE V exp(V x) { return exp_in_range(min(splat(88.0f), max(splat(-87.0f), x))); }

LENET_INLINE V sigmoid(V x) {
  // Negated only after the clamps, where multiply-adds take it in.
  return splat(1.0f) / (splat(1.0f) + exp_in_range(-min(splat(87.0f), max(splat(-88.0f), x))));
}

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
