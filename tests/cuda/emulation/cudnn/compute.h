// The arithmetic of one operation, on packed NCHW float32.
#pragma once

#include <vector>

#include "cudnn/model.h"

namespace lenet::emulation {

// inputs: one pointer per input of the node.
void compute(const Node& node, const Arithmetic& arithmetic,
             const std::vector<const float*>& inputs, float* output);

}  // namespace lenet::emulation
