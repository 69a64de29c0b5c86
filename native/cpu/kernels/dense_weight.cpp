// The gradient of a dense layer's weights over a whole mini-batch, and the update of the weights
// while the gradient is still in the cache.
#include "cpu/kernels/layers.h"
#include "cpu/kernels/sgd.h"

namespace lenet::LENET_ISA {
namespace {

constexpr int kRows = kManyRegisters ? 5 : 2;
constexpr int kMaxColumns = 5;

// rows x columns vectors of the gradient, summed over the examples in their order. Out of line:
// inlined into the driver, GCC spills the loop's pointers.
template <int rows, int columns>
LENET_NOINLINE void sum_block(const float* in, int in_stride, const float* d, int d_stride,
                              int count, V* out) {
  V sum[rows][columns];
  LENET_UNROLL
  for (int r = 0; r < rows; r++) {
    LENET_UNROLL
    for (int c = 0; c < columns; c++) sum[r][c] = splat(0);
  }
  for (int n = 0; n < count; n++, in += in_stride, d += d_stride) {
    V x[columns];
    LENET_UNROLL
    for (int c = 0; c < columns; c++) x[c] = *as_vectors(in + c * kLanes);
    LENET_UNROLL
    for (int r = 0; r < rows; r++) {
      const V dz = splat(d[r]);
      LENET_UNROLL
      for (int c = 0; c < columns; c++) sum[r][c] += dz * x[c];
    }
  }
  LENET_UNROLL
  for (int r = 0; r < rows; r++) {
    LENET_UNROLL
    for (int c = 0; c < columns; c++) out[r * columns + c] = sum[r][c];
  }
}

template <int rows>
LENET_INLINE void sum_columns(int columns, const float* in, int in_stride, const float* d,
                              int d_stride, int count, V* out) {
  switch (columns) {
    case 1:
      return sum_block<rows, 1>(in, in_stride, d, d_stride, count, out);
    case 2:
      return sum_block<rows, 2>(in, in_stride, d, d_stride, count, out);
    case 3:
      return sum_block<rows, 3>(in, in_stride, d, d_stride, count, out);
    case 4:
      return sum_block<rows, 4>(in, in_stride, d, d_stride, count, out);
    default:
      return sum_block<rows, 5>(in, in_stride, d, d_stride, count, out);
  }
}

// n elements of the gradient from element `at` of the weights on.
LENET_INLINE void finish_weights(const DenseGradient& gradient, const DenseUpdate* update, V sum,
                                 int at, float* row, int n) {
  float* g = gradient.weight + at;
  if (gradient.add) sum += load_partial(g, n);
  if (update == nullptr) return store_partial(g, sum, n);
  const V updated =
      sgd_update(*update->step, sum, update->weight_velocity + at, update->weight + at, n);
  store_partial(row, updated, n);
}

}  // namespace

void dense_backward_weight(const float* in, int n, const float* d, int m, int count, int first,
                           int last, const DenseGradient* gradient, const DenseUpdate* update) {
  const int in_stride = dense_stride(n), d_stride = dense_stride(m);
  const int vectors = vectors_of(n);
  // Blocks of equal width, as far as they go.
  const int blocks = (vectors + kMaxColumns - 1) / kMaxColumns;
  const int block = (vectors + blocks - 1) / blocks;
  V sums[kRows * kMaxColumns];
  for (int column = 0; column < vectors; column += block) {
    const int columns = vectors - column < block ? vectors - column : block;
    const float* x = in + column * kLanes;
    for (int row = first; row < last;) {
      const int rows = last - row >= kRows ? kRows : 1;
      if (rows == kRows) {
        sum_columns<kRows>(columns, x, in_stride, d + row, d_stride, count, sums);
      } else {
        sum_columns<1>(columns, x, in_stride, d + row, d_stride, count, sums);
      }
      for (int r = 0; r < rows; r++) {
        for (int c = 0; c < columns; c++) {
          const int i = (column + c) * kLanes;
          float* copy = update == nullptr ? nullptr : update->rows + (row + r) * in_stride + i;
          finish_weights(*gradient, update, sums[r * columns + c], (row + r) * n + i, copy,
                         n - i < kLanes ? n - i : kLanes);
        }
      }
      row += rows;
    }
  }
  for (int row = first; row < last; row++) {
    float sum = gradient->add ? gradient->bias[row] : 0;
    for (int i = 0; i < count; i++) sum += d[i * d_stride + row];
    if (update == nullptr) {
      gradient->bias[row] = sum;
    } else {
      sgd_update(*update->step, splat(sum), update->bias_velocity + row, update->bias + row, 1);
    }
  }
}

void dense_rows(const float* weight, int n, int m, float* rows) {
  const int stride = dense_stride(n);
  for (int row = 0; row < m; row++) {
    __builtin_memcpy(rows + row * stride, weight + row * n, n * sizeof(float));
  }
}

}  // namespace lenet::LENET_ISA
