// What the kernel sources of one instruction set show to its table; documented in kernels.h.
#pragma once

#include "cpu/kernels/kernels.h"
#include "cpu/kernels/vector.h"

namespace lenet::LENET_ISA {

LENET_INLINE V* as_vectors(float* p) { return reinterpret_cast<V*>(p); }
LENET_INLINE const V* as_vectors(const float* p) { return reinterpret_cast<const V*>(p); }

// What there is of a template over the variants of the network: INSTANTIATE(activation, pooling)
// once for each, in the source that defines it; and the rows and columns of a table.
#define LENET_FOR_EACH_VARIANT(INSTANTIATE) \
  INSTANTIATE(SIGMOID, AVG)                 \
  INSTANTIATE(SIGMOID, MAX)                 \
  INSTANTIATE(TANH, AVG)                    \
  INSTANTIATE(TANH, MAX)                    \
  INSTANTIATE(RELU, AVG)                    \
  INSTANTIATE(RELU, MAX)
#define LENET_POOLINGS(kernel, ACTIVATION) \
  { kernel<Activation::ACTIVATION, Pooling::AVG>, kernel<Activation::ACTIVATION, Pooling::MAX> }
#define LENET_VARIANTS(kernel) \
  { LENET_POOLINGS(kernel, SIGMOID), LENET_POOLINGS(kernel, TANH), LENET_POOLINGS(kernel, RELU) }
#define LENET_ACTIVATIONS(kernel) \
  { kernel<Activation::SIGMOID>, kernel<Activation::TANH>, kernel<Activation::RELU> }

void gather(const uint8_t* const* images, float scale, float offset, float* x);
void lanes_to_rows(const float* lanes, int n, float* rows, int stride);
void rows_to_lanes(const float* rows, int n, int stride, float* lanes);

void winograd_weight(const float* weight, int rows, float* transformed);
void winograd_weight_gradient(const float* transformed, int rows, float* gradient);
void conv1_forward(const float* x, const float* weight, const float* bias, int row_pair,
                   float* window, float* cells);
template <Activation kActivation, Pooling kPooling>
void conv1_backward(const float* x, const float* dpooled, const float* cells, int row_pair,
                    float* window, float* weight_sums, float* bias_sums);
void conv2_input_row(const float* pooled, int y, float* transformed);
void conv2_input_gradient_row(const float* transformed, int y, float* dpooled);
void conv2_forward(const float* in, const float* weight, const float* bias, float* cells);
void conv2_backward(const float* d, const float* weight, float* in, float* dz, float* sums);

template <Activation kActivation, Pooling kPooling>
void activation_pool_forward(int count, float* cells, float* pooled);
template <Activation kActivation, Pooling kPooling>
void activation_pool_backward(int channels, int count, const float* dpooled, const float* cells,
                              float* d, float* bias_sums);

void dense_forward(const float* in, int n, const float* weight, const float* bias, int m,
                   float* out);
void dense_backward_data(const float* d, int m, const float* weight, int n, float* din);
void dense_backward_weight(const float* in, int n, const float* d, int m, int count, int first,
                           int last, const DenseGradient* gradient, const DenseUpdate* update);
void dense_rows(const float* weight, int n, int m, float* rows);
void dense_weights(const float* rows, int n, int m, float* weight);
template <Activation kActivation>
void activation_forward(int n, float* values);
template <Activation kActivation>
void activation_backward(int n, const float* values, float* d);

void cross_entropy(const float* logits, int classes, const int32_t* labels, int count,
                   float smoothing, float scale, float* losses, uint8_t* correct, float* d);
void softmax(int classes, float* values);

void add_lane_sums(int n, const float* values, float* sums);
void sum_groups(const float* const* groups, int group_count, int n, float* sums);
void sgd(const SgdStep* step, int n, const float* gradient, float* velocities, float* parameters);

}  // namespace lenet::LENET_ISA
