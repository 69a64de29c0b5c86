// From lane-wise sums to the gradient, and from the gradient to the parameters.
#include "cpu/kernels/layers.h"

namespace lenet::LENET_ISA {

void reduce_groups(const float* const* groups, int group_count, int first, int last,
                   float* gradient) {
  for (int i = first; i < last; i++) {
    V sum = as_vectors(groups[0])[i];
    for (int g = 1; g < group_count; g++) sum += as_vectors(groups[g])[i];
    gradient[i] += sum_lanes(sum);
  }
}

void sgd(const SgdStep* step, int n, const float* gradient, float* velocities, float* parameters) {
  const float rate = step->rate;
  const float momentum = step->momentum;
  const float decay = step->weight_decay;
  if (momentum == 0) {
    for (int i = 0; i < n; i++) parameters[i] -= rate * (gradient[i] + decay * parameters[i]);
    return;
  }
  const float old_share = step->nesterov ? momentum : 1;
  const float new_share = step->nesterov ? 1 : 0;
  for (int i = 0; i < n; i++) {
    const float g = gradient[i] + decay * parameters[i];
    const float v = momentum * velocities[i] + g;
    velocities[i] = v;
    parameters[i] -= rate * (new_share * g + old_share * v);
  }
}

}  // namespace lenet::LENET_ISA
