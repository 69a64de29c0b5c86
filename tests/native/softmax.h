// Softmax in double, and what float may be off from it, for the references of several tests.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "closeness.h"

namespace lenet {

// Roundings that the error of exp, 4 ulp, amounts to: (8 epsilon)^2 in sqrt(roundings) * epsilon.
constexpr double kExpRoundings = 64;

// The softmax of one image's logits, and how rounding the differences z - peak, which exp turns
// into relative errors of |z - peak|, shows in it.
struct Softmax {
  double peak;
  double sum = 0;
  std::vector<double> probabilities;
  // The error of the sum relative to that of one difference: |z - peak|, averaged.
  double sum_error = 0;

  explicit Softmax(const std::vector<double>& z)
      : peak(*std::max_element(z.begin(), z.end())), probabilities(z.size()), distances_(z.size()) {
    for (size_t c = 0; c < z.size(); c++) {
      distances_[c] = peak - z[c];
      probabilities[c] = std::exp(-distances_[c]);
      sum += probabilities[c];
    }
    for (size_t c = 0; c < z.size(); c++) {
      probabilities[c] /= sum;
      sum_error += probabilities[c] * distances_[c];
    }
  }

  double magnitude(int c) const { return probabilities[c] * (1 + distances_[c] + sum_error); }
  // exp above and below, the division and the additions of the sum.
  double roundings() const {
    return 2 * kExpRoundings + 1 + static_cast<double>(distances_.size());
  }

 private:
  std::vector<double> distances_;
};

// What clamping exp at e^-87 may add to a probability that should be smaller.
constexpr double kFloor = 0x1p-125 / kEpsilon;

}  // namespace lenet
