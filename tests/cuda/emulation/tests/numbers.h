// Values for tests: reproducible, of both signs, without structure.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <vector>

namespace lenet::emulation::test {

inline std::vector<float> numbers(size_t count, uint32_t seed) {
  std::vector<float> values;
  uint32_t state = seed * 2654435761u + 1;
  for (size_t i = 0; i < count; i++) {
    state = state * 1664525u + 1013904223u;
    values.push_back(static_cast<float>(state >> 8) / (1 << 23) - 1);
  }
  return values;
}

// Both are double sums rounded to float32, possibly in another order.
inline void expect_close(const std::vector<double>& expected, const std::vector<float>& actual) {
  ASSERT_EQ(expected.size(), actual.size());
  for (size_t i = 0; i < expected.size(); i++) {
    ASSERT_NEAR(expected[i], actual[i], 1e-6 * (1 + std::abs(expected[i]))) << "at " << i;
  }
}

}  // namespace lenet::emulation::test
