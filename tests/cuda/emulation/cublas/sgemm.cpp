#include <algorithm>
#include <cstring>

#include "arithmetic/product.h"
#include "cublas/handle.h"

namespace lenet::emulation {
namespace {

// Work may scribble over the workspace; this much of it is enough to show that it does.
constexpr size_t kScribbledBytes = 4096;
// A real one chooses its algorithm by the room it has, and each rounds in its own way. With more
// than this the sum is taken in two halves.
constexpr size_t kRecommendedWorkspace = size_t{32} << 20;

bool is_operation(cublasOperation_t operation) {
  return operation == CUBLAS_OP_N || operation == CUBLAS_OP_T || operation == CUBLAS_OP_C;
}

// A column-major matrix as it lies in memory.
struct Matrix {
  const float* data;
  int rows, columns, ld;

  Range range() const {
    size_t floats =
        static_cast<size_t>(columns - 1) * static_cast<size_t>(ld) + static_cast<size_t>(rows);
    return {data, floats * sizeof(float)};
  }
  float at(int row, int column) const {
    return data[static_cast<size_t>(column) * static_cast<size_t>(ld) + static_cast<size_t>(row)];
  }
};

Matrix operand(const float* data, cublasOperation_t operation, int rows, int columns, int ld) {
  return operation == CUBLAS_OP_N ? Matrix{data, rows, columns, ld}
                                  : Matrix{data, columns, rows, ld};
}

struct Product {
  Matrix a, b;
  bool transposed_a, transposed_b;
  int m, n, k;
  float* c;
  int ldc;
  bool tf32;
  bool halves;
};

cublasStatus_t invalid(const std::string& reason) {
  explain("cublasSgemm: " + reason);
  return CUBLAS_STATUS_INVALID_VALUE;
}

// op(matrix) with its k dimension outermost: [k][other].
void unpack(const Matrix& matrix, bool k_is_column, int k, int other, bool tf32,
            std::vector<double>* values) {
  values->resize(static_cast<size_t>(k) * static_cast<size_t>(other));
  double* to = values->data();
  for (int p = 0; p < k; p++) {
    for (int i = 0; i < other; i++) {
      float value = k_is_column ? matrix.at(i, p) : matrix.at(p, i);
      *to++ = tf32 ? round_to_tf32(value) : value;
    }
  }
}

void run(const Product& p, float alpha, float beta) {
  // Kept, because the system takes its time to hand out fresh memory; work runs under the lock.
  static auto &a = *new std::vector<double>, &b = *new std::vector<double>,
              &sums = *new std::vector<double>;
  unpack(p.a, !p.transposed_a, p.k, p.m, p.tf32, &a);
  unpack(p.b, p.transposed_b, p.k, p.n, p.tf32, &b);
  size_t m = static_cast<size_t>(p.m), n = static_cast<size_t>(p.n);
  sums.assign(m * n, 0);
  const size_t k = static_cast<size_t>(p.k), half = p.halves ? k / 2 : 0;
  add_product(m, n, half, a.data(), b.data(), sums.data());
  for (double& sum : sums) sum = static_cast<float>(sum);
  add_product(m, n, k - half, a.data() + half * m, b.data() + half * n, sums.data());
  for (size_t j = 0; j < n; j++) {
    float* column = p.c + j * static_cast<size_t>(p.ldc);
    for (size_t i = 0; i < m; i++) {
      // With beta 0, c is not read: it may hold NaN.
      double before = beta == 0 ? 0 : double{beta} * double{column[i]};
      column[i] = static_cast<float>(double{alpha} * sums[j * m + i] + before);
    }
  }
}

bool is_capturing(cudaStream_t stream) {
  cudaStreamCaptureStatus status;
  return cudaStreamIsCapturing(stream, &status) == cudaSuccess &&
         status != cudaStreamCaptureStatusNone;
}

void scribble(void* workspace, size_t bytes) {
  if (workspace != nullptr) std::memset(workspace, 0xFF, std::min(bytes, kScribbledBytes));
}

}  // namespace

cublasStatus_t enqueue_sgemm(const CublasHandle& handle, const SgemmArguments& s) {
  if (!is_operation(s.transa) || !is_operation(s.transb)) return invalid("no such operation");
  if (s.m < 0 || s.n < 0 || s.k < 0) return invalid("a dimension is negative");
  Product product{operand(s.a, s.transa, s.m, s.k, s.lda),
                  operand(s.b, s.transb, s.k, s.n, s.ldb),
                  s.transa != CUBLAS_OP_N,
                  s.transb != CUBLAS_OP_N,
                  s.m,
                  s.n,
                  s.k,
                  s.c,
                  s.ldc,
                  handle.math == CUBLAS_TF32_TENSOR_OP_MATH,
                  handle.workspace_bytes > kRecommendedWorkspace};
  if (s.lda < std::max(1, product.a.rows) || s.ldb < std::max(1, product.b.rows) ||
      s.ldc < std::max(1, s.m)) {
    return invalid("a leading dimension is smaller than its matrix has rows");
  }
  if (s.alpha == nullptr || s.beta == nullptr) return invalid("alpha or beta is null");
  if (s.m == 0 || s.n == 0) return CUBLAS_STATUS_SUCCESS;
  if (s.k == 0) return invalid("the emulation has no product over nothing");
  if (device_of(handle.stream) != handle.device || current_device() != handle.device) {
    explain("cublasSgemm: handle, stream and current device must be of one device");
    return CUBLAS_STATUS_EXECUTION_FAILED;
  }
  if (handle.workspace == nullptr && is_capturing(handle.stream)) {
    return invalid("a captured call needs a workspace of its own; cublasSetStream takes it away");
  }

  Operation operation;
  operation.kind = "cublas";
  operation.label = std::string("sgemm ") + (product.transposed_a ? "T" : "N") +
                    (product.transposed_b ? "T" : "N") + " " + std::to_string(s.m) + "x" +
                    std::to_string(s.n) + "x" + std::to_string(s.k);
  operation.ranges = {product.a.range(), product.b.range(), Matrix{s.c, s.m, s.n, s.ldc}.range()};
  if (handle.workspace != nullptr) {
    operation.ranges.push_back({handle.workspace, handle.workspace_bytes});
  }
  void* workspace = handle.workspace;
  size_t workspace_bytes = handle.workspace_bytes;
  if (handle.pointer_mode == CUBLAS_POINTER_MODE_HOST) {
    operation.work = [=, alpha = *s.alpha, beta = *s.beta] {
      scribble(workspace, workspace_bytes);
      run(product, alpha, beta);
    };
  } else {
    operation.ranges.push_back({s.alpha, sizeof(float)});
    operation.ranges.push_back({s.beta, sizeof(float)});
    operation.work = [=, alpha = s.alpha, beta = s.beta] {
      scribble(workspace, workspace_bytes);
      run(product, *alpha, *beta);
    };
  }
  return enqueue(handle.stream, std::move(operation)) == cudaSuccess
             ? CUBLAS_STATUS_SUCCESS
             : CUBLAS_STATUS_EXECUTION_FAILED;
}

}  // namespace lenet::emulation
