// From lane-wise sums to the gradient, and from the gradient to the parameters.
#include "cpu/kernels/layers.h"
#include "cpu/kernels/sgd.h"

namespace lenet::LENET_ISA {

void add_lane_sums(int n, const float* values, float* sums) {
  const V* v = as_vectors(values);
  for (int first = 0; first < n; first += kLanes) {
    const int count = n - first < kLanes ? n - first : kLanes;
    V square[kLanes];
    if (count == kLanes) {
      LENET_UNROLL
      for (int i = 0; i < kLanes; i++) square[i] = v[first + i];
    } else {
      for (int i = 0; i < kLanes; i++) square[i] = i < count ? v[first + i] : splat(0);
    }
    store_partial(sums + first, load_partial(sums + first, count) + sum_lanes(square), count);
  }
}

void sum_groups(const float* const* groups, int group_count, int n, float* sums) {
  for (int i = 0; i < n; i += kLanes) {
    const int count = n - i < kLanes ? n - i : kLanes;
    V sum = load_partial(groups[0] + i, count);
    for (int g = 1; g < group_count; g++) sum += load_partial(groups[g] + i, count);
    store_partial(sums + i, sum, count);
  }
}

void sgd(const SgdStep* step, int n, const float* gradient, float* velocities, float* parameters) {
  for (int i = 0; i < n; i += kLanes) {
    const int count = n - i < kLanes ? n - i : kLanes;
    sgd_update(*step, load_partial(gradient + i, count), velocities + i, parameters + i, count);
  }
}

}  // namespace lenet::LENET_ISA
