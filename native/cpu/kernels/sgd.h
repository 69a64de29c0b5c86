// SGD as PyTorch has it, for one vector of parameters.
#pragma once

#include "cpu/kernels/kernels.h"
#include "cpu/kernels/vector.h"

namespace lenet::LENET_ISA {

// The updated parameters; velocities are left alone without momentum.
LENET_INLINE V sgd_update(const SgdStep& step, V gradient, V* velocity, V parameter) {
  const V g = gradient + splat(step.weight_decay) * parameter;
  if (step.momentum == 0) return parameter - splat(step.rate) * g;
  const V v = splat(step.momentum) * *velocity + g;
  *velocity = v;
  return parameter - splat(step.rate) * (step.nesterov ? g + splat(step.momentum) * v : v);
}

// The same for n floats at any address, n at most kLanes.
LENET_INLINE void sgd_update(const SgdStep& step, V gradient, float* velocities, float* parameters,
                             int n) {
  V velocity = step.momentum == 0 ? splat(0) : load_partial(velocities, n);
  const V updated = sgd_update(step, gradient, &velocity, load_partial(parameters, n));
  if (step.momentum != 0) store_partial(velocities, velocity, n);
  store_partial(parameters, updated, n);
}

}  // namespace lenet::LENET_ISA
