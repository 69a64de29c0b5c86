#include "cpu/kernels/vector.h"

namespace lenet::LENET_ISA {

double peak(long rounds);
double peak(long rounds) {
  // Enough of them to hide the latency, few enough for 16 registers.
  constexpr int kSums = 12;
  V sum[kSums];
  LENET_UNROLL
  for (int i = 0; i < kSums; i++) sum[i] = splat(static_cast<float>(i));
  V a = splat(0.999f), b = splat(1e-3f);
  for (long round = 0; round < rounds; round++) {
    LENET_UNROLL
    for (int i = 0; i < kSums; i++) sum[i] = sum[i] * a + b;
    // Keeps the compiler from working out the result.
    LENET_UNROLL
    for (int i = 0; i < kSums; i++) __asm__ volatile("" : "+x"(sum[i]));
  }
  return 2.0 * kLanes * kSums * static_cast<double>(rounds);
}

}  // namespace lenet::LENET_ISA
