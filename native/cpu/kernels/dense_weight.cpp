// The gradient of a dense layer's weights over many examples, and the update of the weights while
// the gradient is still in the cache.
#include "cpu/kernels/layers.h"
#include "cpu/kernels/sgd.h"

namespace lenet::LENET_ISA {
namespace {

constexpr int kMaxColumns = 5;
// Rows of a block of so many columns: with 32 registers at most 25 sums, a row of the input and one
// element of the output's gradient at a time.
constexpr int rows_beside(int columns) { return !kManyRegisters ? 2 : columns == 4 ? 6 : 5; }
constexpr int kMaxSums = kManyRegisters ? 25 : 10;

// rows x columns vectors of the gradient, summed over the examples in their order. Out of line:
// inlined into the driver, GCC spills the loop's pointers.
template <int rows, int columns>
LENET_NOINLINE void sum_block(const float* in, int in_stride, const float* d, int tile_stride,
                              int count, V* out) {
  V sum[rows][columns];
  LENET_UNROLL
  for (int r = 0; r < rows; r++) {
    LENET_UNROLL
    for (int c = 0; c < columns; c++) sum[r][c] = splat(0);
  }
  for (; count > 0; count -= kLanes, d += tile_stride) {
    const float* end = d + (count < kLanes ? count : kLanes);
    for (const float* dz = d; dz < end; dz++, in += in_stride) {
      V x[columns];
      LENET_UNROLL
      for (int c = 0; c < columns; c++) x[c] = *as_vectors(in + c * kLanes);
      LENET_UNROLL
      for (int r = 0; r < rows; r++) {
        const V dzr = splat(dz[r * kLanes]);
        LENET_UNROLL
        for (int c = 0; c < columns; c++) sum[r][c] += dzr * x[c];
      }
    }
  }
  LENET_UNROLL
  for (int r = 0; r < rows; r++) {
    LENET_UNROLL
    for (int c = 0; c < columns; c++) out[r * columns + c] = sum[r][c];
  }
}

// What is left over of the rows comes one by one.
template <int columns>
LENET_INLINE int sum_rows(int rows_left, const float* in, int in_stride, const float* d,
                          int tile_stride, int count, V* out) {
  constexpr int kRows = rows_beside(columns);
  static_assert(kRows * columns <= kMaxSums);
  if (rows_left < kRows) {
    sum_block<1, columns>(in, in_stride, d, tile_stride, count, out);
    return 1;
  }
  sum_block<kRows, columns>(in, in_stride, d, tile_stride, count, out);
  return kRows;
}

// Sums a block's rows and returns how many they were. 400, 120 and 84 inputs never leave a block of
// two columns.
LENET_INLINE int sum_rows(int columns, int rows_left, const float* in, int in_stride,
                          const float* d, int tile_stride, int count, V* out) {
  switch (columns) {
    case 1:
      return sum_rows<1>(rows_left, in, in_stride, d, tile_stride, count, out);
    case 3:
      return sum_rows<3>(rows_left, in, in_stride, d, tile_stride, count, out);
    case 4:
      return sum_rows<4>(rows_left, in, in_stride, d, tile_stride, count, out);
    default:
      return sum_rows<5>(rows_left, in, in_stride, d, tile_stride, count, out);
  }
}

// n elements of the sums over other examples from element `at` on, where there are any.
LENET_INLINE V add_others(V sum, const float* earlier, const float* other, int at, int n) {
  if (earlier != nullptr) sum += load_partial(earlier + at, n);
  if (other != nullptr) sum += load_partial(other + at, n);
  return sum;
}

}  // namespace

void dense_backward_weight(const float* in, int n, const float* d, int m, int count, int first,
                           int last, const DenseGradient* gradient, const DenseUpdate* update) {
  const int in_stride = dense_stride(n);
  const int vectors = vectors_of(n);
  // Blocks of equal width, as far as they go.
  const int blocks = (vectors + kMaxColumns - 1) / kMaxColumns;
  const int block = (vectors + blocks - 1) / blocks;
  const SgdStep step = update == nullptr ? SgdStep{} : *update->step;
  V sums[kMaxSums];
  for (int column = 0; column < vectors; column += block) {
    const int columns = vectors - column < block ? vectors - column : block;
    const float* x = in + column * kLanes;
    for (int row = first; row < last;) {
      const int rows =
          sum_rows(columns, last - row, x, in_stride, d + row * kLanes, m * kLanes, count, sums);
      for (int i = 0; i < rows * columns; i++) {
        const int r = row + i / columns, c = (column + i % columns) * kLanes;
        const int at = r * n + c, size = n - c < kLanes ? n - c : kLanes;
        const V sum =
            add_others(sums[i], gradient->earlier.weight, gradient->other.weight, at, size);
        if (update == nullptr) {
          store_partial(gradient->result.weight + at, sum, size);
        } else {
          float* weights = update->rows + r * in_stride + c;
          sgd_update(step, sum, update->weight_velocity + at, weights, size);
        }
      }
      row += rows;
    }
  }
  for (int row = first; row < last; row += kLanes) {
    const int rows = last - row < kLanes ? last - row : kLanes;
    V square[kLanes];
    for (int r = 0; r < kLanes; r++) square[r] = splat(0);
    for (int tile = 0; tile * kLanes < count; tile++) {
      for (int r = 0; r < rows; r++) square[r] += as_vectors(d)[tile * m + row + r];
    }
    const V sum =
        add_others(sum_lanes(square), gradient->earlier.bias, gradient->other.bias, row, rows);
    if (update == nullptr) {
      store_partial(gradient->result.bias + row, sum, rows);
    } else {
      sgd_update(step, sum, update->bias_velocity + row, update->bias + row, rows);
    }
  }
}

void dense_rows(const float* weight, int n, int m, float* rows) {
  const int stride = dense_stride(n);
  for (int row = 0; row < m; row++) {
    __builtin_memcpy(rows + row * stride, weight + row * n, n * sizeof(float));
  }
}

void dense_weights(const float* rows, int n, int m, float* weight) {
  const int stride = dense_stride(n);
  for (int row = 0; row < m; row++) {
    __builtin_memcpy(weight + row * n, rows + row * stride, n * sizeof(float));
  }
}

}  // namespace lenet::LENET_ISA
