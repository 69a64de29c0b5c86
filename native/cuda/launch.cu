#include "cuda/error.h"
#include "cuda/kernels.cuh"
#include "cuda/launch.h"

// One launch and its check. A refused launch shows only in cudaGetLastError; so what others have
// left there, such as a destructor whose call failed, goes first, or the launch would be blamed for
// it.
#define LENET_LAUNCH(kernel, grid, block, stream, ...)                \
  do {                                                                \
    static_cast<void>(cudaGetLastError());                            \
    kernel<<<(grid), (block), 0, (stream)>>>(__VA_ARGS__);            \
    ::lenet::cuda::check(cudaGetLastError(), {"launch of " #kernel}); \
  } while (false)

namespace lenet::cuda {
namespace {

unsigned blocks(int threads, int per_block) {
  return static_cast<unsigned>((threads + per_block - 1) / per_block);
}

}  // namespace

void launch_gather(cudaStream_t stream, const Source* source, int batch, float scale, float offset,
                   float* x, int32_t* labels) {
  LENET_LAUNCH(gather, blocks(batch * kQuads, 256), 256, stream, source, batch, scale, offset,
               reinterpret_cast<float4*>(x), labels);
}

void launch_bias_activation(cudaStream_t stream, int batch, int m, int activation,
                            const float* bias, float* values) {
  LENET_LAUNCH(bias_activation, blocks(batch * m, 256), 256, stream, batch, m, activation, bias,
               values);
}

void launch_cross_entropy(cudaStream_t stream, int batch, int classes, float smoothing,
                          bool with_gradient, float scale, const int32_t* labels, const float* bias,
                          float* logits, float* losses, int32_t* correct) {
  // Small blocks: a mini-batch has few examples, and each block is one more multiprocessor.
  LENET_LAUNCH(cross_entropy, blocks(batch, 32), 32, stream, batch, classes, smoothing,
               with_gradient, scale, labels, bias, logits, losses, correct);
}

void launch_class_rows(cudaStream_t stream, int batch, int classes, bool softmax, const float* bias,
                       const float* logits, float* rows) {
  LENET_LAUNCH(class_rows, blocks(batch, 32), 32, stream, batch, classes, softmax, bias, logits,
               rows);
}

void launch_sum_metrics(cudaStream_t stream, int batch, const float* losses, const int32_t* correct,
                        const Slabs& slabs) {
  LENET_LAUNCH(sum_metrics, 1, kSlabs, stream, batch, losses, correct, slabs);
}

void launch_finish_batch(cudaStream_t stream, const Slabs& slabs, Source* source, Sums* sums) {
  LENET_LAUNCH(finish_batch, 1, 1, stream, slabs, source, sums);
}

void launch_head_backward(cudaStream_t stream, int batch, int classes, int activation,
                          const float* dlogits, const float* weight, const float* losses,
                          const int32_t* correct, float* values, const Slabs& slabs) {
  LENET_LAUNCH(head_backward, dim3(kSlabs, blocks(kFc2 + classes + 1, 128)), 128, stream, batch,
               classes, activation, dlogits, weight, losses, correct, values, slabs);
}

void launch_fc1_backward(cudaStream_t stream, int batch, int classes, int activation,
                         const float* activations, float* d, const Slabs& slabs) {
  LENET_LAUNCH(fc1_backward, kSlabs, 128, stream, batch, classes, activation, activations, d,
               slabs);
}

void launch_pool_backward(cudaStream_t stream, int batch, int channels, int size, int activation,
                          bool max, const float* dpooled, float* values, float* bias_parts) {
  LENET_LAUNCH(pool_backward, blocks(batch * channels * (size / 2), 256), 256, stream, batch,
               channels, size, activation, max, dpooled, reinterpret_cast<float2*>(values),
               bias_parts);
}

void launch_reduce(cudaStream_t stream, int classes, const float* conv1_parts, int conv1_count,
                   const float* conv2_parts, int conv2_count, float* bias_slabs, Source* source) {
  LENET_LAUNCH(reduce, blocks(kConvBiases * kSlabs, 128), 128, stream, classes, conv1_parts,
               conv1_count, conv2_parts, conv2_count, bias_slabs, source);
}

void launch_finish_gradient(cudaStream_t stream, const ParameterLayout& layout, const Slabs& slabs,
                            float* gradient, Sums* sums) {
  LENET_LAUNCH(finish_gradient, blocks(layout.size + 1, 256), 256, stream, layout, slabs, gradient,
               sums);
}

void launch_update(cudaStream_t stream, const ParameterLayout& layout, const SgdOptions& options,
                   const Slabs& slabs, const Source* source, const float* gradient,
                   float* velocities, float* parameters, Sums* sums) {
  LENET_LAUNCH(update, blocks(layout.size + 1, 256), 256, stream, layout, options, slabs, source,
               gradient, velocities, parameters, sums);
}

}  // namespace lenet::cuda
