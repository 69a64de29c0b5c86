// The kernels of our own: what cuDNN and cuBLAS do not do, and what saves a pass over memory.
//
// No kernel uses shared memory, barriers, warp operations or atomics, and no value depends on the
// order in which blocks or threads run: sums over examples are taken in fixed slabs, each by one
// thread in order, and the slabs are added in order. Launches are in launch.cu, so that this file
// is plain C++ to whoever provides the device vocabulary (see README.md).
//
// N is the mini-batch, K the number of classes. Tensors are row-major without gaps. The logits lie
// as [K][N]: neighbouring threads take neighbouring examples, and each one loops over its classes
// with coalesced accesses and no exchange.
//
// 32-bit indices: the host allows no mini-batch of more than INT32_MAX / 4704 examples.
#pragma once

#include <math.h>
#include <stdint.h>

#include "core/layout.h"
#include "cuda/kernel_types.h"

namespace lenet::cuda {

inline __device__ int thread_index() {
  return static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
}

inline __device__ int first_row(int slab, int rows) {
  const int per_slab = (rows + kSlabs - 1) / kSlabs;
  const int first = slab * per_slab;
  return first < rows ? first : rows;
}

inline __device__ float activate(int activation, float z) {
  switch (activation) {
    case kSigmoid:
      return 1.0f / (1.0f + expf(-z));
    case kTanh:
      return tanhf(z);
    case kRelu:
      return z < 0 ? 0 : z;  // not fmaxf, which would hide a NaN
    default:
      return z;
  }
}

// The activation's derivative, told by its output.
inline __device__ float derivative(int activation, float y) {
  switch (activation) {
    case kSigmoid:
      return y * (1.0f - y);
    case kTanh:
      return 1.0f - y * y;
    default:
      return y > 0 ? 1 : 0;
  }
}

inline __device__ unsigned char changed_pixel(const uchar4* image, int pixel,
                                              const ImageChange& change) {
  const int from = change.source(pixel / kImageSize, pixel % kImageSize);
  return from < 0 ? 0 : reinterpret_cast<const unsigned char*>(image)[from];
}

inline __device__ uchar4 changed_quad(const uchar4* image, int quad, const ImageChange& change) {
  return {changed_pixel(image, 4 * quad, change), changed_pixel(image, 4 * quad + 1, change),
          changed_pixel(image, 4 * quad + 2, change), changed_pixel(image, 4 * quad + 3, change)};
}

// The next mini-batch as the network's input. Rows beyond the last example repeat it and get the
// label -1.
// x [N][28][28], labels [N]; one thread per four pixels
__global__ void __launch_bounds__(256)
    gather(const Source* source, int batch, float scale, float offset, float4* x, int32_t* labels) {
  const int i = thread_index();
  if (i >= batch * kQuads) return;
  const int row = i / kQuads;
  const int quad = i - row * kQuads;
  const int first = source->step * source->batch_size;
  const int left = source->count - first;
  const int position = first + (row < left ? row : left - 1);
  const int example = source->order == nullptr ? position : source->order[position];
  const uchar4* image = reinterpret_cast<const uchar4*>(source->pixels) + int64_t{example} * kQuads;
  const uchar4 p = source->augmentation.is_on()
                       ? changed_quad(image, quad, source->augmentation.change(position))
                       : image[quad];
  x[i] = make_float4(p.x * scale + offset, p.y * scale + offset, p.z * scale + offset,
                     p.w * scale + offset);
  if (quad == 0) {
    labels[row] = row < left && source->labels != nullptr ? source->labels[example] : -1;
  }
}

// values [N][m] in place; one thread per value
__global__ void __launch_bounds__(256)
    bias_activation(int batch, int m, int activation, const float* bias, float* values) {
  const int i = thread_index();
  if (i >= batch * m) return;
  values[i] = activate(activation, values[i] + bias[i % m]);
}

// Softmax cross-entropy with label smoothing.
// logits [K][N] without their bias; with_gradient makes them their gradient times scale.
// losses [N], correct [N] (0 or 1; both 0 where the label is -1); one thread per example
__global__ void __launch_bounds__(128)
    cross_entropy(int batch, int classes, float smoothing, bool with_gradient, float scale,
                  const int32_t* labels, const float* bias, float* logits, float* losses,
                  int32_t* correct) {
  const int i = thread_index();
  if (i >= batch) return;
  const int label = labels[i];
  float peak = logits[i] + bias[0];
  int best = 0;
  for (int c = 1; c < classes; c++) {
    const float z = logits[c * batch + i] + bias[c];
    if (z > peak) {
      peak = z;
      best = c;
    }
  }
  float sum = 0;
  float shifted_sum = 0;
  float shifted_label = 0;
  for (int c = 0; c < classes; c++) {
    const float shifted = logits[c * batch + i] + bias[c] - peak;
    sum += expf(shifted);
    shifted_sum += shifted;
    if (c == label) shifted_label = shifted;
  }
  const float uniform = smoothing / static_cast<float>(classes);
  const float loss = logf(sum) - (1 - smoothing) * shifted_label - uniform * shifted_sum;
  losses[i] = label < 0 ? 0 : loss;
  correct[i] = best == label;
  if (!with_gradient) return;
  const float inverse = 1.0f / sum;
  for (int c = 0; c < classes; c++) {
    const float p = expf(logits[c * batch + i] + bias[c] - peak) * inverse;
    const float target = uniform + (c == label ? 1 - smoothing : 0);
    logits[c * batch + i] = (p - target) * scale;
  }
}

// The logits with their bias, or the softmax of that, example by example.
// logits [K][N] without bias, rows [N][K]; one thread per example
__global__ void __launch_bounds__(128)
    class_rows(int batch, int classes, bool softmax, const float* bias, const float* logits,
               float* rows) {
  const int i = thread_index();
  if (i >= batch) return;
  float* row = rows + i * classes;
  float peak = logits[i] + bias[0];
  for (int c = 0; c < classes; c++) {
    const float z = logits[c * batch + i] + bias[c];
    row[c] = z;
    peak = z > peak ? z : peak;
  }
  if (!softmax) return;
  float sum = 0;
  for (int c = 0; c < classes; c++) {
    row[c] = expf(row[c] - peak);
    sum += row[c];
  }
  for (int c = 0; c < classes; c++) row[c] /= sum;
}

inline __device__ void sum_metrics_of(int slab, int batch, const float* losses,
                                      const int32_t* correct, const Slabs& slabs) {
  double loss = 0;
  int32_t hits = 0;
  for (int row = first_row(slab, batch); row < first_row(slab + 1, batch); row++) {
    loss += losses[row];
    hits += correct[row];
  }
  slabs.losses[slab] = loss;
  slabs.correct[slab] = hits;
}

// One thread per slab.
__global__ void __launch_bounds__(kSlabs)
    sum_metrics(int batch, const float* losses, const int32_t* correct, Slabs slabs) {
  const int slab = thread_index();
  if (slab < kSlabs) sum_metrics_of(slab, batch, losses, correct, slabs);
}

inline __device__ void add_metrics(const Slabs& slabs, Sums* sums) {
  double loss = 0;
  int64_t hits = 0;
  for (int slab = 0; slab < kSlabs; slab++) {
    loss += slabs.losses[slab];
    hits += slabs.correct[slab];
  }
  sums->loss += loss;
  sums->correct += hits;
}

// Ends a mini-batch of which only the metrics matter. One thread.
__global__ void __launch_bounds__(1) finish_batch(Slabs slabs, Source* source, Sums* sums) {
  if (thread_index() != 0) return;
  add_metrics(slabs, sums);
  source->step++;
}

// From the logits' gradient to that of fc2's pre-activations, and the sums over each slab: of both
// gradients, losses and correct. The product over so few classes reuses too little for a GEMM of
// its own to be worth a launch and a pass over d.
// dlogits [K][N], weight [K][84], values [N][84]: activations become gradients in place.
// Block x = slab; threads along y = a column of values, then a class, then the metrics.
__global__ void __launch_bounds__(128)
    head_backward(int batch, int classes, int activation, const float* dlogits, const float* weight,
                  const float* losses, const int32_t* correct, float* values, Slabs slabs) {
  const int slab = static_cast<int>(blockIdx.x);
  const int column = static_cast<int>(blockIdx.y * blockDim.x + threadIdx.x);
  const int first = first_row(slab, batch);
  const int last = first_row(slab + 1, batch);
  float* bias_sums = slabs.biases + slab * (kFixedBiases + classes);
  if (column < kFc2) {
    float total = 0;
    // Four rows share each weight.
    for (int row = first; row < last; row += 4) {
      float d[4] = {};
      for (int c = 0; c < classes; c++) {
        const float w = weight[c * kFc2 + column];
#pragma unroll
        for (int k = 0; k < 4; k++) {
          if (row + k < last) d[k] += w * dlogits[c * batch + row + k];
        }
      }
#pragma unroll
      for (int k = 0; k < 4; k++) {
        if (row + k < last) {
          float* value = values + (row + k) * kFc2 + column;
          *value = d[k] * derivative(activation, *value);
          total += *value;
        }
      }
    }
    bias_sums[kFixedBiases - kFc2 + column] = total;
  } else if (column < kFc2 + classes) {
    const int c = column - kFc2;
    float total = 0;
    for (int row = first; row < last; row++) total += dlogits[c * batch + row];
    bias_sums[kFixedBiases + c] = total;
  } else if (column == kFc2 + classes) {
    sum_metrics_of(slab, batch, losses, correct, slabs);
  }
}

// fc1: d [N][120], the gradient of the activations, becomes that of the pre-activations, with the
// sums over each slab. activations [N][120]. Block x = slab, thread = column.
__global__ void __launch_bounds__(128)
    fc1_backward(int batch, int classes, int activation, const float* activations, float* d,
                 Slabs slabs) {
  const int slab = static_cast<int>(blockIdx.x);
  const int column = static_cast<int>(threadIdx.x);
  if (column >= kFc1) return;
  float total = 0;
  for (int row = first_row(slab, batch); row < first_row(slab + 1, batch); row++) {
    const int i = row * kFc1 + column;
    const float value = d[i] * derivative(activation, activations[i]);
    d[i] = value;
    total += value;
  }
  slabs.biases[slab * (kFixedBiases + classes) + kConvBiases + column] = total;
}

// Backward through a 2 x 2 pooling and the activation before it in one pass. The gradient of a
// maximum goes to the first one in row order.
// values [N][C][S][S]: activations become the gradient of the pre-activations in place;
// dpooled [N][C][S/2][S/2]; bias_parts [C][N * S/2], the sums over each thread's work.
// One thread per column of windows, S/2 windows each.
__global__ void __launch_bounds__(256)
    pool_backward(int batch, int channels, int size, int activation, bool max, const float* dpooled,
                  float2* values, float* bias_parts) {
  const int half = size / 2;
  const int i = thread_index();
  if (i >= batch * channels * half) return;
  const int plane = i / half;
  const int x = i - plane * half;
  const int n = plane / channels;
  const int channel = plane - n * channels;
  float2* window = values + plane * size * half + x;
  const float* dwindow = dpooled + plane * half * half + x;
  float total = 0;
  for (int y = 0; y < half; y++, window += size, dwindow += half) {
    const float2 top = window[0];
    const float2 bottom = window[half];
    const float d = *dwindow;
    float d0 = 0.25f * d, d1 = d0, d2 = d0, d3 = d0;
    if (max) {
      float peak = top.x;
      int best = 0;
      if (top.y > peak) peak = top.y, best = 1;
      if (bottom.x > peak) peak = bottom.x, best = 2;
      if (bottom.y > peak) best = 3;
      d0 = best == 0 ? d : 0;
      d1 = best == 1 ? d : 0;
      d2 = best == 2 ? d : 0;
      d3 = best == 3 ? d : 0;
    }
    d0 *= derivative(activation, top.x);
    d1 *= derivative(activation, top.y);
    d2 *= derivative(activation, bottom.x);
    d3 *= derivative(activation, bottom.y);
    window[0] = make_float2(d0, d1);
    window[half] = make_float2(d2, d3);
    total += (d0 + d1) + (d2 + d3);
  }
  bias_parts[channel * batch * half + n * half + x] = total;
}

// Brings the convolutions' bias_parts to kSlabs sums each, and moves the source on.
// conv1_parts [6][conv1_count], conv2_parts [16][conv2_count]; one thread per sum
__global__ void __launch_bounds__(128)
    reduce(int classes, const float* conv1_parts, int conv1_count, const float* conv2_parts,
           int conv2_count, float* bias_slabs, Source* source) {
  const int i = thread_index();
  if (i >= kConvBiases * kSlabs) return;
  if (i == 0) source->step++;
  const int bias = i / kSlabs;
  const int slab = i - bias * kSlabs;
  const bool is_conv1 = bias < kConv1Channels;
  const int count = is_conv1 ? conv1_count : conv2_count;
  const float* parts = is_conv1 ? conv1_parts + bias * conv1_count
                                : conv2_parts + (bias - kConv1Channels) * conv2_count;
  float total = 0;
  for (int part = slab; part < count; part += kSlabs) total += parts[part];
  bias_slabs[slab * (kFixedBiases + classes) + bias] = total;
}

// The number of the bias that a parameter is, or -1 for a weight.
inline __device__ int bias_index(const ParameterLayout& layout, int i) {
  if (i >= layout.fc3_bias) return kFixedBiases + i - layout.fc3_bias;
  if (i >= layout.fc3_weight) return -1;
  if (i >= layout.fc2_bias) return kFixedBiases - kFc2 + i - layout.fc2_bias;
  if (i >= layout.fc2_weight) return -1;
  if (i >= layout.fc1_bias) return kConvBiases + i - layout.fc1_bias;
  if (i >= layout.fc1_weight) return -1;
  if (i >= layout.conv2_bias) return kConv1Channels + i - layout.conv2_bias;
  if (i >= layout.conv2_weight) return -1;
  return i >= layout.conv1_bias ? i - layout.conv1_bias : -1;
}

// The biases' gradients are still in slabs, the weights' are in place.
inline __device__ float gradient_of(const ParameterLayout& layout, const float* gradient,
                                    const float* bias_slabs, int i) {
  const int bias = bias_index(layout, i);
  if (bias < 0) return gradient[i];
  const int biases = kFixedBiases + layout.size - layout.fc3_bias;
  float total = 0;
  for (int slab = 0; slab < kSlabs; slab++) total += bias_slabs[slab * biases + bias];
  return total;
}

// Ends a mini-batch of which the gradient matters: puts the biases' part into gradient [size] and
// counts the metrics. One thread per parameter, and one for the metrics.
__global__ void __launch_bounds__(256)
    finish_gradient(ParameterLayout layout, Slabs slabs, float* gradient, Sums* sums) {
  const int i = thread_index();
  if (i < layout.size) gradient[i] = gradient_of(layout, gradient, slabs.biases, i);
  if (i == layout.size) add_metrics(slabs, sums);
}

// Ends a training step: SGD as PyTorch has it, with the rate of the step that reduce() has just
// counted, and the metrics in the same launch, so that a step counts if and only if it is done.
// One thread per parameter, and one for the metrics.
__global__ void __launch_bounds__(256)
    update(ParameterLayout layout, SgdOptions options, Slabs slabs, const Source* source,
           const float* gradient, float* velocities, float* parameters, Sums* sums) {
  const int i = thread_index();
  if (i == layout.size) add_metrics(slabs, sums);
  if (i >= layout.size) return;
  const float rate = source->rates[source->step - 1];
  const float p = parameters[i];
  float g = gradient_of(layout, gradient, slabs.biases, i) + options.weight_decay * p;
  if (options.momentum != 0) {
    const float v = options.momentum * velocities[i] + g;
    velocities[i] = v;
    g = options.nesterov ? g + options.momentum * v : v;
  }
  parameters[i] = p - rate * g;
}

}  // namespace lenet::cuda
