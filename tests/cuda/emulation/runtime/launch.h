// Kernels: registered by the shipped library's start-up code under their mangled names, found in
// the libraries of host-compiled kernels, and run block by block.
#pragma once

#include <string>

#include "kernels/kernel_table.h"
#include "runtime/emulation.h"
#include "runtime/streams.h"

namespace lenet::emulation {

struct RegisteredKernel {
  std::string name;
  const Kernel* kernel;
};

void register_kernel(const void* host_function, const char* name);
// nullptr if none was registered under this host function.
RegisteredKernel* find_kernel(const void* host_function);
// Whether it is what find_kernel gave.
bool is_kernel(const void* handle);

cudaError_t launch(const RegisteredKernel& kernel, dim3 grid, dim3 block, void** arguments,
                   size_t shared_bytes, Stream* stream);

}  // namespace lenet::emulation
