// Softmax and cross-entropy with label smoothing.
#include <cmath>

#include "cpu/kernels/layers.h"
#include "cpu/kernels/math.h"

namespace lenet::LENET_ISA {
namespace {

struct Peak {
  V value;
  VI index;
};

// The largest logit and the first class that has it.
LENET_INLINE Peak find_peak(const V* z, int classes) {
  Peak peak{z[0], VI{}};
  for (int c = 1; c < classes; c++) {
    VI larger = z[c] > peak.value;
    peak.value = larger ? z[c] : peak.value;
    peak.index = larger ? VI{} + c : peak.index;
  }
  return peak;
}

}  // namespace

void cross_entropy(const float* logits, int classes, const int32_t* labels, int count,
                   float smoothing, float scale, float* losses, uint8_t* correct, float* d) {
  const V* z = as_vectors(logits);
  const Peak peak = find_peak(z, classes);
  const float uniform = smoothing / static_cast<float>(classes);
  V sum = splat(0);
  V logit_sum = splat(0);
  for (int c = 0; c < classes; c++) {
    V e = exp(z[c] - peak.value);
    if (d != nullptr) as_vectors(d)[c] = e;
    sum += e;
    logit_sum += z[c];
  }
  for (int lane = 0; lane < count; lane++) {
    const float logit = logits[labels[lane] * kLanes + lane];
    losses[lane] =
        peak.value[lane] + ::logf(sum[lane]) - (1 - smoothing) * logit - uniform * logit_sum[lane];
    correct[lane] = peak.index[lane] == labels[lane];
  }
  if (d == nullptr) return;
  V lane_scale = splat(0);
  for (int lane = 0; lane < count; lane++) lane_scale[lane] = scale;
  const V inverse = splat(1) / sum;
  for (int c = 0; c < classes; c++) {
    as_vectors(d)[c] = (as_vectors(d)[c] * inverse - splat(uniform)) * lane_scale;
  }
  for (int lane = 0; lane < count; lane++) {
    d[labels[lane] * kLanes + lane] -= (1 - smoothing) * scale;
  }
}

void softmax(int classes, float* values) {
  V* v = as_vectors(values);
  const V peak = find_peak(v, classes).value;
  V sum = splat(0);
  for (int c = 0; c < classes; c++) {
    v[c] = exp(v[c] - peak);
    sum += v[c];
  }
  for (int c = 0; c < classes; c++) v[c] = v[c] / sum;
}

}  // namespace lenet::LENET_ISA
