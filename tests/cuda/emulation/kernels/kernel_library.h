// Turns kernels that were compiled as C++ into the table that the emulated runtime reads:
//   const Kernel kKernels[] = {LENET_EMU_KERNEL(axpy, 1024), ...};
#pragma once

#include <cstddef>
#include <iterator>
#include <tuple>
#include <type_traits>
#include <utility>

#include "kernels/device_vocabulary.h"
#include "kernels/kernel_table.h"

namespace lenet::emulation {

inline uint3 unravel(uint32_t index, const uint3& size) {
  return {index % size.x, index / size.x % size.y, index / size.x / size.y};
}

// Every thread runs from start to end before the next one starts.
template <class Body>
void run_grid(const LaunchShape& shape, Body&& body) {
  Coordinates& c = coordinates;
  c.grid_size = {shape.grid[0], shape.grid[1], shape.grid[2]};
  c.block_size = {shape.block[0], shape.block[1], shape.block[2]};
  uint32_t blocks = c.grid_size.x * c.grid_size.y * c.grid_size.z;
  uint32_t threads = c.block_size.x * c.block_size.y * c.block_size.z;
  for (uint32_t block = 0; block < blocks; block++) {
    c.block = unravel(shape.block_order[block], c.grid_size);
    for (uint32_t thread = 0; thread < threads; thread++) {
      c.thread = unravel(shape.thread_order[thread], c.block_size);
      body();
    }
  }
}

template <auto kernel>
struct Binding;

template <class... Arguments, void (*kernel)(Arguments...)>
struct Binding<kernel> {
  static_assert((std::is_trivially_copyable_v<Arguments> && ...));

  // One more than there are, since an array cannot be empty.
  static constexpr KernelArgument kArguments[] = {
      {sizeof(Arguments), std::is_pointer_v<Arguments>}..., {0, false}};

  template <size_t... i>
  static void run_with(const LaunchShape& shape, void* const* arguments,
                       std::index_sequence<i...>) {
    std::tuple<Arguments...> values(*static_cast<const Arguments*>(arguments[i])...);
    run_grid(shape, [&] { std::apply(kernel, values); });
  }

  static void run(const LaunchShape& shape, void* const* arguments) {
    run_with(shape, arguments, std::index_sequence_for<Arguments...>());
  }
};

}  // namespace lenet::emulation

#define LENET_EMU_KERNEL(name, max_threads)                                                     \
  {                                                                                             \
    reinterpret_cast<const void*>(&name), max_threads,                                          \
        std::size(::lenet::emulation::Binding<&name>::kArguments) - 1,                          \
        ::lenet::emulation::Binding<&name>::kArguments, ::lenet::emulation::Binding<&name>::run \
  }
