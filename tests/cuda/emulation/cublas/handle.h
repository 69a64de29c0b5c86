// A cuBLAS handle and the matrix product, as cuBLAS documents them: column-major, checked more
// strictly.
#pragma once

#include <cublas_v2.h>

#include "runtime/emulation.h"

namespace lenet::emulation {

struct CublasHandle {
  int device = 0;
  cudaStream_t stream = nullptr;
  cublasMath_t math = CUBLAS_DEFAULT_MATH;
  cublasPointerMode_t pointer_mode = CUBLAS_POINTER_MODE_HOST;
  // Null: cuBLAS's own pool.
  void* workspace = nullptr;
  size_t workspace_bytes = 0;
};

struct SgemmArguments {
  cublasOperation_t transa, transb;
  int m, n, k;
  const float* alpha;
  const float* a;
  int lda;
  const float* b;
  int ldb;
  const float* beta;
  float* c;
  int ldc;
};

// Checks everything, then enqueues.
cublasStatus_t enqueue_sgemm(const CublasHandle& handle, const SgemmArguments& arguments);

}  // namespace lenet::emulation
