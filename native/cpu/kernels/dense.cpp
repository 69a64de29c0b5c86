// The dense layers forward and backward to their inputs, and the activations after them. Lanes are
// inputs here, not images: a vector of weights serves several images, and a vector of an image
// several outputs, where with images in the lanes every multiplication would need a broadcast of
// its own, which load units cannot sustain.
#include "cpu/kernels/activation.h"
#include "cpu/kernels/layers.h"

namespace lenet::LENET_ISA {
namespace {

// Outputs per block, and images: their product, the number of sums, is whole vectors, and enough
// to hide the latency of the multiply-add.
constexpr int kOutputs = kManyRegisters ? 4 : 2;
constexpr int kImages = 4;
constexpr int kSums = kImages * kOutputs;
static_assert(kSums % kLanes == 0 && kLanes % kImages == 0 && kDenseRowBlock % kOutputs == 0);

template <int n>
LENET_NOINLINE void forward(const float* in, const float* weight, const float* bias, int m,
                            float* out) {
  constexpr int kStride = dense_stride(n);
  const int out_stride = dense_stride(m);
  for (int ob = 0; ob < m; ob += kOutputs, weight += kOutputs * kStride) {
    V biases[kOutputs];
    for (int o = 0; o < kOutputs; o++) {
      biases[o] = splat(0);
      if (ob + o < m) biases[o][0] = bias[ob + o];
    }
    for (int image = 0; image < kLanes; image += kImages) {
      const float* x = in + image * kStride;
      V sum[kSums];
      LENET_UNROLL
      for (int i = 0; i < kSums; i++) sum[i] = biases[i % kOutputs];
      for (int v = 0; v < vectors_of(n); v++) {
        V w[kOutputs];
        LENET_UNROLL
        for (int o = 0; o < kOutputs; o++) w[o] = *as_vectors(weight + o * kStride + v * kLanes);
        LENET_UNROLL
        for (int i = 0; i < kImages; i++) {
          const V xi = *as_vectors(x + i * kStride + v * kLanes);
          LENET_UNROLL
          for (int o = 0; o < kOutputs; o++) sum[i * kOutputs + o] += xi * w[o];
        }
      }
      float sums[kSums];
      LENET_UNROLL
      for (int i = 0; i < kSums; i += kLanes) store(sums + i, sum_lanes(sum + i));
      LENET_UNROLL
      for (int i = 0; i < kImages; i++) {
        __builtin_memcpy(out + (image + i) * out_stride + ob, sums + i * kOutputs,
                         kOutputs * sizeof(float));
      }
    }
  }
}

// Images and vectors of their gradients per block. With 32 registers 24 sums, on Arm 20, beside a
// row of the weights and a broadcast; with 16 registers 12, or 8 where there is no FMA and every
// product needs a register of its own.
constexpr int kDataImages = kLanes >= 8 && kManyRegisters ? 8 : 4;
constexpr int kDataVectors = kManyRegisters ? (kDataImages == 8 ? 3 : 5) : (kLanes == 8 ? 3 : 2);

template <int n, int kVectors>
LENET_INLINE void backward_data_block(const V* d, int m, const float* weight, float* din) {
  constexpr int kStride = dense_stride(n);
  for (int image = 0; image < kLanes; image += kDataImages) {
    V sum[kDataImages][kVectors];
    LENET_UNROLL
    for (int i = 0; i < kDataImages; i++) {
      LENET_UNROLL
      for (int v = 0; v < kVectors; v++) sum[i][v] = splat(0);
    }
    const float* dz = reinterpret_cast<const float*>(d) + image;
    const float* w = weight;
    for (int o = 0; o < m; o++, dz += kLanes, w += kStride) {
      V row[kVectors];
      LENET_UNROLL
      for (int v = 0; v < kVectors; v++) row[v] = *as_vectors(w + v * kLanes);
      LENET_UNROLL
      for (int i = 0; i < kDataImages; i++) {
        const V di = splat(dz[i]);
        LENET_UNROLL
        for (int v = 0; v < kVectors; v++) sum[i][v] += di * row[v];
      }
    }
    LENET_UNROLL
    for (int i = 0; i < kDataImages; i++) {
      LENET_UNROLL
      for (int v = 0; v < kVectors; v++) {
        *as_vectors(din + (image + i) * kStride + v * kLanes) = sum[i][v];
      }
    }
  }
}

template <int n>
LENET_NOINLINE void backward_data(const V* d, int m, const float* weight, float* din) {
  constexpr int kVectors = vectors_of(n);
  constexpr int kTail = kVectors % kDataVectors;
  constexpr int kWhole = kVectors - kTail;
  for (int v = 0; v < kWhole; v += kDataVectors) {
    backward_data_block<n, kDataVectors>(d, m, weight + v * kLanes, din + v * kLanes);
  }
  if constexpr (kTail > 0) {
    backward_data_block<n, kTail>(d, m, weight + kWhole * kLanes, din + kWhole * kLanes);
  }
}

}  // namespace

void dense_forward(const float* in, int n, const float* weight, const float* bias, int m,
                   float* out) {
  if (n == kFlat) return forward<kFlat>(in, weight, bias, m, out);
  if (n == kFc1) return forward<kFc1>(in, weight, bias, m, out);
  forward<kFc2>(in, weight, bias, m, out);
}

void dense_backward_data(const float* d, int m, const float* weight, int n, float* din) {
  const V* dz = as_vectors(d);
  if (n == kFlat) return backward_data<kFlat>(dz, m, weight, din);
  if (n == kFc1) return backward_data<kFc1>(dz, m, weight, din);
  backward_data<kFc2>(dz, m, weight, din);
}

template <Activation kActivation>
void activation_forward(int n, float* values) {
  V* v = as_vectors(values);
  for (int i = 0; i < n; i++) v[i] = activate<kActivation>(v[i]);
}

template <Activation kActivation>
void activation_backward(int n, const float* values, float* d) {
  const V* y = as_vectors(values);
  V* dz = as_vectors(d);
  for (int i = 0; i < n; i++) dz[i] = dz[i] * derivative<kActivation>(y[i]);
}

#define LENET_INSTANTIATE(ACTIVATION)                                    \
  template void activation_forward<Activation::ACTIVATION>(int, float*); \
  template void activation_backward<Activation::ACTIVATION>(int, const float*, float*);

LENET_INSTANTIATE(SIGMOID)
LENET_INSTANTIATE(TANH)
LENET_INSTANTIATE(RELU)

}  // namespace lenet::LENET_ISA
