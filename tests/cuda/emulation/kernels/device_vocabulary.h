// The part of CUDA's device language that lenet's kernels use, for compiling them as C++. Include
// it before the kernels. Shared memory, barriers, warp operations and atomics are missing on
// purpose: a kernel that uses one does not compile here, and its emulation has to be thought about.
#pragma once

#include <math.h>
#include <stdint.h>

struct uint3 {
  unsigned x, y, z;
};

// Aligned as on the device, so that UndefinedBehaviorSanitizer sees a misaligned vector access.
struct alignas(8) float2 {
  float x, y;
};
struct alignas(16) float4 {
  float x, y, z, w;
};
struct alignas(4) uchar4 {
  unsigned char x, y, z, w;
};
inline float2 make_float2(float x, float y) { return {x, y}; }
inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }

namespace lenet::emulation {

// One thread of one block runs at a time, so its coordinates can be global.
struct Coordinates {
  uint3 thread, block, block_size, grid_size;
};
extern Coordinates coordinates;

}  // namespace lenet::emulation

#define threadIdx (::lenet::emulation::coordinates.thread)
#define blockIdx (::lenet::emulation::coordinates.block)
#define blockDim (::lenet::emulation::coordinates.block_size)
#define gridDim (::lenet::emulation::coordinates.grid_size)

// The runtime looks a kernel up by its exported name.
#define __global__ __attribute__((visibility("default")))
#define __device__
// Enforced by the runtime: list_kernels.cmake reads them.
#define __launch_bounds__(...)
