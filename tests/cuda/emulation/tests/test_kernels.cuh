// Kernels to try the emulated runtime with, some of them wrong on purpose. Plain C++ to whoever
// provides the device vocabulary.
#pragma once

namespace lenet::emulation::test {

struct Pair {
  float* values;
  float factor;
};

inline __device__ int global_thread() {
  return static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
}

// y += a x, both [n]
__global__ void axpy(int n, float a, const float* x, float* y) {
  const int i = global_thread();
  if (i < n) y[i] += a * x[i];
}

// A struct by value, launch bounds, and two dimensions: values [gridDim.y][blockDim.x] *= factor
__global__ void __launch_bounds__(64) scale_rows(Pair pair) {
  pair.values[blockIdx.y * blockDim.x + threadIdx.x] *= pair.factor;
}

// Which thread came when: rank [n], next [1]. Wrong on a GPU, and here it shows the order.
__global__ void take_ranks(int* next, int* rank) { rank[global_thread()] = (*next)++; }

// Writes at any distance from the pointer.
__global__ void poke(float* values, long offset) { values[offset] = 1; }

// Through a pointer that lies in device memory, where no launch can check it.
__global__ void poke_indirectly(float* const* pointers) { *pointers[0] = 1; }

// Misaligned unless the offset is a multiple of four.
__global__ void copy_vector(const float* from, int offset, float4* to) {
  *to = *reinterpret_cast<const float4*>(from + offset);
}

}  // namespace lenet::emulation::test
