// What the kernel sources of one instruction set show to its table; documented in kernels.h.
#pragma once

#include "cpu/kernels/kernels.h"
#include "cpu/kernels/vector.h"

namespace lenet::LENET_ISA {

LENET_INLINE V* as_vectors(float* p) { return reinterpret_cast<V*>(p); }
LENET_INLINE const V* as_vectors(const float* p) { return reinterpret_cast<const V*>(p); }

void gather(const uint8_t* const* images, float scale, float offset, float* x);
void lanes_to_rows(const float* lanes, int n, float* rows, int stride);

void conv1_forward(const float* x, const float* weight, const float* bias, int row_pair,
                   float* out);
void conv2_forward(const float* in, const float* weight, const float* bias, int row_pair,
                   float* out);
void conv2_backward_data(const float* d, const float* weight, float* din);
void conv1_backward_weight(const float* x, const float* d, float* sums);
void conv2_backward_weight(const float* in, const float* d, float* sums);

template <Activation kActivation, Pooling kPooling>
void activation_pool_forward(int channels, int size, int row_pair, float* values, float* pooled);
template <Activation kActivation, Pooling kPooling>
void activation_pool_backward(int channels, int size, const float* pooled, const float* dpooled,
                              float* values, float* bias_sums);

void dense_forward(const float* in, int n, const float* weight, const float* bias, int m,
                   float* out);
void dense_backward_data(const float* d, int m, const float* weight, int n, float* din);
void dense_backward_weight(const float* in, int in_stride, int n, const float* d, int d_stride,
                           int count, int first, int last, float* gradient, float* bias_gradient);
template <Activation kActivation>
void activation_forward(int n, float* values);
template <Activation kActivation>
void activation_backward(int n, const float* values, float* d);

void cross_entropy(const float* logits, int classes, const int32_t* labels, int count,
                   float smoothing, float scale, float* losses, uint8_t* correct, float* d);
void softmax(int classes, float* values);

void reduce_groups(const float* const* groups, int group_count, int first, int last,
                   float* gradient);
void sgd(const SgdStep* step, int n, const float* gradient, float* velocities, float* parameters);

}  // namespace lenet::LENET_ISA
