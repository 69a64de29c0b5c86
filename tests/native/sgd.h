// A step of SGD as PyTorch has it, in double, for the references of several tests.
#pragma once

#include <cmath>

#include "closeness.h"

namespace lenet {

struct SgdReference {
  Sum velocity;
  Sum parameter;

  // step: rate, momentum, weight_decay, nesterov
  template <class Step>
  SgdReference(const Step& step, double gradient, double old_velocity, double old_parameter)
      : SgdReference(step, Sum{gradient, std::fabs(gradient), 0}, old_velocity, old_parameter) {}

  // The gradient may be a sum, with an error of its own.
  template <class Step>
  SgdReference(const Step& step, const Sum& gradient, double old_velocity, double old_parameter) {
    const double decay = double{step.weight_decay} * old_parameter;
    const double g = gradient.value + decay;
    const double g_magnitude = gradient.magnitude + std::fabs(decay);
    const double old = double{step.momentum} * old_velocity;
    const double v = step.momentum == 0 ? old_velocity : old + g;
    const double v_magnitude = step.momentum == 0 ? 0 : std::fabs(old) + g_magnitude;
    // decay * p, + gradient, momentum * v, + g; squared, as so few may all go one way.
    velocity.add(v, v_magnitude, gradient.roundings + 4 * 4);
    double direction = step.momentum == 0 ? g : v;
    double magnitude = step.momentum == 0 ? g_magnitude : v_magnitude;
    if (step.nesterov) {
      direction = g + step.momentum * v;
      magnitude = g_magnitude + step.momentum * v_magnitude;
    }
    parameter.add(old_parameter);
    // The four above, momentum * v, + g, * rate
    parameter.add(-step.rate * direction, step.rate * magnitude, gradient.roundings + 7 * 7);
  }
};

}  // namespace lenet
