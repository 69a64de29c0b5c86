// What nvcc's host code calls to register and launch kernels.
#include "runtime/context.h"
#include "runtime/launch.h"

namespace lenet::emulation {
namespace {

struct Configuration {
  dim3 grid, block;
  size_t shared_bytes;
  cudaStream_t stream;
};

std::vector<Configuration>& configurations() {
  thread_local std::vector<Configuration> stack;
  return stack;
}

cudaError_t launch_call(const void* kernel, dim3 grid, dim3 block, void** arguments,
                        size_t shared_bytes, cudaStream_t handle) {
  return enter({"cudaLaunchKernel", cudaErrorLaunchFailure}, [&] {
    if (!is_kernel(kernel)) {
      explain("not a registered kernel");
      return cudaErrorInvalidDeviceFunction;
    }
    Stream* stream = find_stream(handle);
    if (stream == nullptr) return cudaErrorInvalidResourceHandle;
    return launch(*static_cast<const RegisteredKernel*>(kernel), grid, block, arguments,
                  shared_bytes, stream);
  });
}

}  // namespace
}  // namespace lenet::emulation

using namespace lenet::emulation;

extern "C" {

LENET_EMU_API void** __cudaRegisterFatBinary(void*) {
  static void* handle;
  return &handle;
}
LENET_EMU_API void __cudaRegisterFatBinaryEnd(void**) {}
LENET_EMU_API void __cudaUnregisterFatBinary(void**) {}
LENET_EMU_API char __cudaInitModule(void**) { return 1; }

LENET_EMU_API void __cudaRegisterFunction(void**, const char* host_function, char*,
                                          const char* device_name, int, uint3*, uint3*, dim3*,
                                          dim3*, int*) {
  auto guard = lock();
  register_kernel(host_function, device_name);
}

LENET_EMU_API cudaError_t __cudaGetKernel(cudaKernel_t* handle, const void* host_function) {
  auto guard = lock();
  RegisteredKernel* kernel = find_kernel(host_function);
  *handle = reinterpret_cast<cudaKernel_t>(kernel);
  return kernel == nullptr ? cudaErrorInvalidDeviceFunction : cudaSuccess;
}

LENET_EMU_API unsigned __cudaPushCallConfiguration(dim3 grid, dim3 block, size_t shared_bytes,
                                                   CUstream_st* stream) {
  configurations().push_back({grid, block, shared_bytes, stream});
  return 0;
}

LENET_EMU_API cudaError_t __cudaPopCallConfiguration(dim3* grid, dim3* block, size_t* shared_bytes,
                                                     void* stream) {
  if (configurations().empty()) return cudaErrorMissingConfiguration;
  Configuration top = configurations().back();
  configurations().pop_back();
  *grid = top.grid;
  *block = top.block;
  *shared_bytes = top.shared_bytes;
  *static_cast<cudaStream_t*>(stream) = top.stream;
  return cudaSuccess;
}

LENET_EMU_API cudaError_t __cudaLaunchKernel(cudaKernel_t kernel, dim3 grid, dim3 block,
                                             void** arguments, size_t shared_bytes,
                                             cudaStream_t stream) {
  return launch_call(kernel, grid, block, arguments, shared_bytes, stream);
}

LENET_EMU_API cudaError_t CUDARTAPI cudaLaunchKernel(const void* function, dim3 grid, dim3 block,
                                                     void** arguments, size_t shared_bytes,
                                                     cudaStream_t stream) {
  RegisteredKernel* kernel;
  {
    auto guard = lock();
    kernel = find_kernel(function);
  }
  return launch_call(kernel, grid, block, arguments, shared_bytes, stream);
}

}  // extern "C"
