// Checked CUDA, cuBLAS and cuDNN calls: LENET_CHECK(cudaMalloc(...)) throws lenet::Error with the
// call as it is written, the status by name, number and text, and the versions built for and found.
#pragma once

#include <cublas_v2.h>
#include <cuda_runtime_api.h>
#include <cudnn_graph.h>

#include <cstddef>

#include "lenet/engine.h"

namespace lenet::cuda {

// The call as written, and for an allocation the bytes it asks for, so that running out of memory
// can be explained.
struct CallSite {
  const char* call;
  size_t bytes = 0;
};

[[noreturn]] void throw_failed(cudaError_t status, const CallSite& site);
[[noreturn]] void throw_failed(cublasStatus_t status, const CallSite& site);
[[noreturn]] void throw_failed(cudnnStatus_t status, const CallSite& site);

inline void check(cudaError_t status, const CallSite& site) {
  if (status != cudaSuccess) throw_failed(status, site);
}
inline void check(cublasStatus_t status, const CallSite& site) {
  if (status != CUBLAS_STATUS_SUCCESS) throw_failed(status, site);
}
inline void check(cudnnStatus_t status, const CallSite& site) {
  if (status != CUDNN_STATUS_SUCCESS) throw_failed(status, site);
}

}  // namespace lenet::cuda

#define LENET_CHECK(call) ::lenet::cuda::check((call), {#call})
#define LENET_CHECK_ALLOCATION(call, bytes) ::lenet::cuda::check((call), {#call, (bytes)})
