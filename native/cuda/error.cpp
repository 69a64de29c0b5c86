#include "cuda/error.h"

#include <string>

#include "cuda/versions.h"

namespace lenet::cuda {
namespace {

std::string versions() {
  // Asked for when something has failed already: a version that cannot be had is not an error.
  int runtime = 0;
  int driver = 0;
  if (cudaRuntimeGetVersion(&runtime) != cudaSuccess) runtime = 0;
  if (cudaDriverGetVersion(&driver) != cudaSuccess) driver = 0;
  return "built for CUDA " + cuda_version(CUDART_VERSION) + ", found CUDA runtime " +
         (runtime == 0 ? "of unknown version" : cuda_version(runtime)) + " and " +
         (driver == 0 ? "no driver" : "a driver for CUDA " + cuda_version(driver));
}

}  // namespace

void throw_failed(cudaError_t status, const CallSite& site) {
  std::string message = std::string(site.call) + " failed: " + cudaGetErrorName(status) + " (" +
                        std::to_string(status) + "), " + cudaGetErrorString(status);
  if (status == cudaErrorMemoryAllocation && site.bytes != 0) {
    message += "; " + std::to_string(site.bytes) +
               " bytes were asked for: free device memory, or choose a smaller batch or dataset";
  }
  message += "; " + versions();
  // The runtime keeps the error for the next call of cudaGetLastError, which would blame the next
  // kernel launch for it.
  cudaGetLastError();
  throw Error(message);
}

void throw_failed(cublasStatus_t status, const CallSite& site) {
  std::string found;
  for (libraryPropertyType part : {MAJOR_VERSION, MINOR_VERSION, PATCH_LEVEL}) {
    int value = 0;
    if (cublasGetProperty(part, &value) != CUBLAS_STATUS_SUCCESS) value = 0;
    found += (found.empty() ? "" : ".") + std::to_string(value);
  }
  throw Error(std::string(site.call) + " failed: " + cublasGetStatusName(status) + " (" +
              std::to_string(status) + "), " + cublasGetStatusString(status) +
              "; built for cuBLAS " + cublas_built_for() + ", found " + found);
}

}  // namespace lenet::cuda
