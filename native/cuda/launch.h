// Launches of the kernels in kernels.cuh, which documents shapes and meanings. Each one enqueues on
// the stream and throws lenet::Error if the launch is refused.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include "core/layout.h"
#include "cuda/kernel_types.h"

namespace lenet::cuda {

void launch_gather(cudaStream_t stream, const Source* source, int batch, float scale, float offset,
                   float* x, int32_t* labels);
void launch_bias_activation(cudaStream_t stream, int batch, int m, int activation,
                            const float* bias, float* values);
void launch_cross_entropy(cudaStream_t stream, int batch, int classes, float smoothing,
                          bool with_gradient, float scale, const int32_t* labels, const float* bias,
                          float* logits, float* losses, int32_t* correct);
void launch_class_rows(cudaStream_t stream, int batch, int classes, bool softmax, const float* bias,
                       const float* logits, float* rows);
void launch_sum_metrics(cudaStream_t stream, int batch, const float* losses, const int32_t* correct,
                        const Slabs& slabs);
void launch_finish_batch(cudaStream_t stream, const Slabs& slabs, Source* source, Sums* sums);
void launch_head_backward(cudaStream_t stream, int batch, int classes, int activation,
                          const float* dlogits, const float* weight, const float* losses,
                          const int32_t* correct, float* values, const Slabs& slabs);
void launch_fc1_backward(cudaStream_t stream, int batch, int classes, int activation,
                         const float* activations, float* d, const Slabs& slabs);
void launch_pool_backward(cudaStream_t stream, int batch, int channels, int size, int activation,
                          bool max, const float* dpooled, float* values, float* bias_parts);
void launch_reduce(cudaStream_t stream, int classes, const float* conv1_parts, int conv1_count,
                   const float* conv2_parts, int conv2_count, float* bias_slabs, Source* source);
void launch_finish_gradient(cudaStream_t stream, const ParameterLayout& layout, const Slabs& slabs,
                            float* gradient, Sums* sums);
void launch_update(cudaStream_t stream, const ParameterLayout& layout, const SgdOptions& options,
                   const Slabs& slabs, const Source* source, const float* gradient,
                   float* velocities, float* parameters, Sums* sums);

}  // namespace lenet::cuda
