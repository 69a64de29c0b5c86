// The dense layers, forward and both backward directions, and the activations after them.
#include "cpu/kernels/activation.h"
#include "cpu/kernels/layers.h"

namespace lenet::LENET_ISA {
namespace {

// 24 sums hide the latency of the multiply-add and leave registers for what feeds them; with 16
// registers 12 do.
#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int kSums = 24;
constexpr int kRowBlock = 5;
#else
constexpr int kSums = 12;
constexpr int kRowBlock = 2;
#endif

template <int kIn, int kBlock>
LENET_INLINE int forward_blocks(const V* in, const float* weight, const float* bias, int o, int m,
                                V* out) {
  for (; o + kBlock <= m; o += kBlock) {
    V sum[kBlock];
    LENET_UNROLL
    for (int j = 0; j < kBlock; j++) sum[j] = splat(bias[o + j]);
    const float* w = weight + o * kIn;
    for (int i = 0; i < kIn; i++) {
      V x = in[i];
      LENET_UNROLL
      for (int j = 0; j < kBlock; j++) sum[j] += x * splat(w[j * kIn + i]);
    }
    LENET_UNROLL
    for (int j = 0; j < kBlock; j++) out[o + j] = sum[j];
  }
  return o;
}

template <int kIn>
LENET_NOINLINE void forward(const V* in, const float* weight, const float* bias, int m, V* out) {
  int o = forward_blocks<kIn, kSums>(in, weight, bias, 0, m, out);
  o = forward_blocks<kIn, 10>(in, weight, bias, o, m, out);
  o = forward_blocks<kIn, 4>(in, weight, bias, o, m, out);
  forward_blocks<kIn, 1>(in, weight, bias, o, m, out);
}

template <int kIn, int kBlock>
LENET_INLINE int backward_data_blocks(const V* d, int m, const float* weight, int i, V* din) {
  for (; i + kBlock <= kIn; i += kBlock) {
    V sum[kBlock];
    LENET_UNROLL
    for (int j = 0; j < kBlock; j++) sum[j] = splat(0);
    const float* w = weight + i;
    for (int o = 0; o < m; o++, w += kIn) {
      V dz = d[o];
      LENET_UNROLL
      for (int j = 0; j < kBlock; j++) sum[j] += dz * splat(w[j]);
    }
    LENET_UNROLL
    for (int j = 0; j < kBlock; j++) din[i + j] = sum[j];
  }
  return i;
}

template <int kIn>
LENET_NOINLINE void backward_data(const V* d, int m, const float* weight, V* din) {
  int i = backward_data_blocks<kIn, kSums>(d, m, weight, 0, din);
  i = backward_data_blocks<kIn, 12>(d, m, weight, i, din);
  backward_data_blocks<kIn, 4>(d, m, weight, i, din);
}

// kRows x kColumns vectors of the gradient, summed over the examples in their order. Out of line:
// inlined into the driver, GCC spills the loop's pointers.
template <int kRows, int kColumns>
LENET_NOINLINE void backward_weight_block(const float* in, int in_stride, const float* d,
                                          int d_stride, int count, V* out) {
  V sum[kRows][kColumns];
  LENET_UNROLL
  for (int r = 0; r < kRows; r++) {
    LENET_UNROLL
    for (int c = 0; c < kColumns; c++) sum[r][c] = splat(0);
  }
  for (int n = 0; n < count; n++, in += in_stride, d += d_stride) {
    V x[kColumns];
    LENET_UNROLL
    for (int c = 0; c < kColumns; c++) x[c] = load(in + c * kLanes);
    LENET_UNROLL
    for (int r = 0; r < kRows; r++) {
      V dz = splat(d[r]);
      LENET_UNROLL
      for (int c = 0; c < kColumns; c++) sum[r][c] += dz * x[c];
    }
  }
  LENET_UNROLL
  for (int r = 0; r < kRows; r++) {
    LENET_UNROLL
    for (int c = 0; c < kColumns; c++) out[r * kColumns + c] = sum[r][c];
  }
}

template <int kRows>
LENET_INLINE void backward_weight_columns(int columns, const float* in, int in_stride,
                                          const float* d, int d_stride, int count, V* out) {
  switch (columns) {
    case 1:
      return backward_weight_block<kRows, 1>(in, in_stride, d, d_stride, count, out);
    case 2:
      return backward_weight_block<kRows, 2>(in, in_stride, d, d_stride, count, out);
    case 3:
      return backward_weight_block<kRows, 3>(in, in_stride, d, d_stride, count, out);
    case 4:
      return backward_weight_block<kRows, 4>(in, in_stride, d, d_stride, count, out);
    default:
      return backward_weight_block<kRows, 5>(in, in_stride, d, d_stride, count, out);
  }
}

// Adds a vector to n floats at most: the last vector of a row may hang over its end.
LENET_INLINE void add_to(float* p, V v, int n) {
  if (n >= kLanes) {
    store(p, load(p) + v);
    return;
  }
  float lanes[kLanes];
  store(lanes, v);
  for (int i = 0; i < n; i++) p[i] += lanes[i];
}

}  // namespace

void dense_forward(const float* in, int n, const float* weight, const float* bias, int m,
                   float* out) {
  const V* x = as_vectors(in);
  V* y = as_vectors(out);
  if (n == 400) return forward<400>(x, weight, bias, m, y);
  if (n == 120) return forward<120>(x, weight, bias, m, y);
  forward<84>(x, weight, bias, m, y);
}

void dense_backward_data(const float* d, int m, const float* weight, int n, float* din) {
  const V* dz = as_vectors(d);
  V* dx = as_vectors(din);
  if (n == 400) return backward_data<400>(dz, m, weight, dx);
  if (n == 120) return backward_data<120>(dz, m, weight, dx);
  backward_data<84>(dz, m, weight, dx);
}

void dense_backward_weight(const float* in, int in_stride, int n, const float* d, int d_stride,
                           int count, int first, int last, float* gradient, float* bias_gradient) {
  constexpr int kColumns = 5;
  const int vectors = (n + kLanes - 1) / kLanes;
  V sums[kRowBlock * kColumns];
  for (int column = 0; column < vectors; column += kColumns) {
    const int columns = vectors - column < kColumns ? vectors - column : kColumns;
    const float* x = in + column * kLanes;
    for (int row = first; row < last;) {
      const int rows = last - row >= kRowBlock ? kRowBlock : 1;
      if (rows == kRowBlock) {
        backward_weight_columns<kRowBlock>(columns, x, in_stride, d + row, d_stride, count, sums);
      } else {
        backward_weight_columns<1>(columns, x, in_stride, d + row, d_stride, count, sums);
      }
      for (int r = 0; r < rows; r++) {
        for (int c = 0; c < columns; c++) {
          const int i = (column + c) * kLanes;
          add_to(gradient + (row + r) * n + i, sums[r * columns + c], n - i);
        }
      }
      row += rows;
    }
  }
  for (int row = first; row < last; row++) {
    float sum = 0;
    for (int i = 0; i < count; i++) sum += d[i * d_stride + row];
    bias_gradient[row] += sum;
  }
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
