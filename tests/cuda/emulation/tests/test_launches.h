// Launches of the kernels in test_kernels.cuh, compiled by nvcc like the shipped library: real
// registration code and real launch stubs.
#pragma once

#include <cuda_runtime_api.h>

namespace lenet::emulation::test {

// Each returns what cudaGetLastError says after the launch.
cudaError_t launch_axpy(dim3 grid, dim3 block, cudaStream_t stream, int n, float a, const float* x,
                        float* y);
cudaError_t launch_scale_rows(unsigned rows, unsigned columns, cudaStream_t stream, float* values,
                              float factor);
cudaError_t launch_take_ranks(unsigned blocks, unsigned threads, cudaStream_t stream, int* next,
                              int* rank);
cudaError_t launch_poke(cudaStream_t stream, float* values, long offset);
cudaError_t launch_poke_indirectly(cudaStream_t stream, float* const* pointers);
cudaError_t launch_copy_vector(cudaStream_t stream, const float* from, int offset, float* to);
cudaError_t launch_with_shared_memory(cudaStream_t stream, size_t bytes, float* values);

}  // namespace lenet::emulation::test
