#pragma once

#include "cudnn/handle.h"
#include "cudnn/model.h"

namespace lenet::emulation {

// Checks that the pack fits the plan and enqueues it.
cudnnStatus_t execute_plan(const CudnnHandle& handle, const Plan& plan, const VariantPack& pack);

}  // namespace lenet::emulation
