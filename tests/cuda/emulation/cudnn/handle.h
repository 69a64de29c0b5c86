#pragma once

#include <cudnn_graph.h>

#include "runtime/emulation.h"

namespace lenet::emulation {

struct CudnnHandle {
  int device = 0;
  cudaStream_t stream = nullptr;
};

// nullptr if it is not live.
CudnnHandle* find_handle(cudnnHandle_t handle);

}  // namespace lenet::emulation
