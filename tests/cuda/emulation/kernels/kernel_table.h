// What a library of host-compiled kernels exports (lenet_emu_kernel_table) and the emulated runtime
// reads. The runtime finds a kernel by the name under which its library exports the function, which
// is the name that nvcc registers.
#pragma once

#include <cstddef>
#include <cstdint>

namespace lenet::emulation {

struct LaunchShape {
  uint32_t grid[3];
  uint32_t block[3];
  // The orders in which blocks, and the threads of a block, run: permutations of their indices.
  const uint32_t* block_order;
  const uint32_t* thread_order;
};

struct KernelArgument {
  size_t bytes;
  bool is_pointer;
};

struct Kernel {
  const void* function;
  int max_threads;  // of its launch bounds, 1024 without
  size_t arguments;
  const KernelArgument* argument;
  void (*run)(const LaunchShape& shape, void* const* arguments);
};

struct KernelTable {
  size_t count;
  const Kernel* kernels;
};

}  // namespace lenet::emulation
