#include "arithmetic/product.h"

#include <cmath>
#include <cstdint>
#include <cstring>
#include <random>

namespace lenet::emulation {
namespace {

// Rows of c that share each load of a.
constexpr size_t kRows = 4;

}  // namespace

// Not under a sanitizer, which must be up before the choice is made.
#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__)
__attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#endif
void add_product(size_t m, size_t n, size_t k, const double* a, const double* b, double* c) {
  size_t j = 0;
  for (; j + kRows <= n; j += kRows) {
    double* __restrict c0 = c + j * m;
    double* __restrict c1 = c0 + m;
    double* __restrict c2 = c1 + m;
    double* __restrict c3 = c2 + m;
    for (size_t p = 0; p < k; p++) {
      const double* __restrict row = a + p * m;
      const double* factor = b + p * n + j;
      double f0 = factor[0], f1 = factor[1], f2 = factor[2], f3 = factor[3];
      for (size_t i = 0; i < m; i++) {
        c0[i] += f0 * row[i];
        c1[i] += f1 * row[i];
        c2[i] += f2 * row[i];
        c3[i] += f3 * row[i];
      }
    }
  }
  for (; j < n; j++) {
    double* __restrict c0 = c + j * m;
    for (size_t p = 0; p < k; p++) {
      const double* __restrict row = a + p * m;
      double f0 = b[p * n + j];
      for (size_t i = 0; i < m; i++) c0[i] += f0 * row[i];
    }
  }
}

float round_to_tf32(float value) {
  if (!std::isfinite(value)) return value;
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  bits += 0x0FFF + (bits >> 13 & 1);  // to nearest, ties to even
  bits &= ~uint32_t{0x1FFF};
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

float jitter(float value) {
  static std::minstd_rand random(std::random_device{}());
  return random() % 2 == 0 ? value : std::nextafterf(value, INFINITY);
}

}  // namespace lenet::emulation
