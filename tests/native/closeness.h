// What a float result may be off from its double reference. No tolerance is chosen: every value
// comes with the magnitude of its terms and the number of its roundings, and the allowance is
//
//   2^-24 * sqrt(roundings) * magnitude,
//
// as the rounding errors, each at most 2^-24 of what was summed so far, hardly ever add up in full.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

namespace lenet {

constexpr double kEpsilon = 0x1p-24;

struct Sum {
  double value = 0;
  double magnitude = 0;
  double roundings = 0;

  // Two roundings a term unless told otherwise: its multiplication and its addition.
  void add(double term, double term_magnitude, double term_roundings = 2) {
    value += term;
    magnitude += term_magnitude;
    roundings += term_roundings;
  }
  void add(double term) { add(term, std::fabs(term)); }

  double allowance() const { return kEpsilon * std::sqrt(roundings) * magnitude; }
};

// Compares whole tensors and tells the largest share of the allowance that was used. The share is
// recorded as the test's property "share" (--gtest_output=json).
class Closeness {
 public:
  Closeness() = default;
  Closeness(const Closeness&) = delete;
  Closeness& operator=(const Closeness&) = delete;
  ~Closeness() { testing::Test::RecordProperty("share", std::to_string(worst_)); }

  void expect(const std::vector<Sum>& expected, const std::vector<float>& actual,
              const std::string& what) {
    ASSERT_EQ(expected.size(), actual.size()) << what;
    for (size_t i = 0; i < expected.size(); i++) {
      const double error = std::fabs(actual[i] - expected[i].value);
      const double allowance = expected[i].allowance();
      // This way round a NaN fails.
      ASSERT_TRUE(error <= allowance)
          << what << "[" << i << "] is " << actual[i] << ", expected " << expected[i].value
          << " within " << allowance << ", " << error / allowance << " of the allowance";
      if (allowance > 0) worst_ = std::fmax(worst_, error / allowance);
    }
  }

 private:
  double worst_ = 0;
};

}  // namespace lenet
