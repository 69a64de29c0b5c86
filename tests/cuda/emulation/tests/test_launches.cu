#include "tests/test_kernels.cuh"
#include "tests/test_launches.h"

namespace lenet::emulation::test {

cudaError_t launch_axpy(dim3 grid, dim3 block, cudaStream_t stream, int n, float a, const float* x,
                        float* y) {
  axpy<<<grid, block, 0, stream>>>(n, a, x, y);
  return cudaGetLastError();
}

cudaError_t launch_scale_rows(unsigned rows, unsigned columns, cudaStream_t stream, float* values,
                              float factor) {
  scale_rows<<<dim3(1, rows), columns, 0, stream>>>(Pair{values, factor});
  return cudaGetLastError();
}

cudaError_t launch_take_ranks(unsigned blocks, unsigned threads, cudaStream_t stream, int* next,
                              int* rank) {
  take_ranks<<<blocks, threads, 0, stream>>>(next, rank);
  return cudaGetLastError();
}

cudaError_t launch_poke(cudaStream_t stream, float* values, long offset) {
  poke<<<1, 1, 0, stream>>>(values, offset);
  return cudaGetLastError();
}

cudaError_t launch_poke_indirectly(cudaStream_t stream, float* const* pointers) {
  poke_indirectly<<<1, 1, 0, stream>>>(pointers);
  return cudaGetLastError();
}

cudaError_t launch_copy_vector(cudaStream_t stream, const float* from, int offset, float* to) {
  copy_vector<<<1, 1, 0, stream>>>(from, offset, reinterpret_cast<float4*>(to));
  return cudaGetLastError();
}

cudaError_t launch_with_shared_memory(cudaStream_t stream, size_t bytes, float* values) {
  poke<<<1, 1, bytes, stream>>>(values, 0);
  return cudaGetLastError();
}

}  // namespace lenet::emulation::test
