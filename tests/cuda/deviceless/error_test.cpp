// What a failed call says. No call is made to fail, so a GPU changes nothing.
#include "cuda/error.h"

#include <cstdio>
#include <string>
#include <vector>

namespace lenet::cuda {
namespace {

int failures = 0;

void expect(const char* what, bool holds) {
  if (holds) return;
  std::printf("FAILED: %s\n", what);
  failures++;
}

template <class Status>
void expect_message(Status status, const CallSite& site, const std::vector<std::string>& parts) {
  std::string message = "no error";
  try {
    check(status, site);
  } catch (const Error& e) {
    message = e.what();
  }
  std::printf("%s\n", message.c_str());
  for (const std::string& part : parts) {
    expect(part.c_str(), message.find(part) != std::string::npos);
  }
  // Status of core/engine_table.h holds no more.
  expect("at most 499 characters", message.size() < 500);
}

int run() {
  expect_message(cudaErrorMemoryAllocation, {"cudaMalloc(&data, bytes)", 123456789},
                 {"cudaMalloc(&data, bytes) failed", "cudaErrorMemoryAllocation (2)",
                  "123456789 bytes", "built for CUDA 13.", "found CUDA runtime 13."});
  expect("the runtime has forgotten the error", cudaGetLastError() != cudaErrorMemoryAllocation);
  expect_message(cudaErrorInsufficientDriver, {"cudaSetDevice(0)"},
                 {"cudaSetDevice(0) failed", "cudaErrorInsufficientDriver (35)"});
  expect_message(CUBLAS_STATUS_NOT_INITIALIZED, {"cublasCreate(&handle)"},
                 {"cublasCreate(&handle) failed", "CUBLAS_STATUS_NOT_INITIALIZED (1)",
                  "built for cuBLAS 13.", "found 13."});
  expect_message(CUDNN_STATUS_BAD_PARAM, {"cudnnCreate(&handle)"},
                 {"cudnnCreate(&handle) failed", "CUDNN_STATUS_BAD_PARAM (2000)",
                  "built for cuDNN 9.", "found 9."});
  try {
    LENET_CHECK(cudaSuccess);
    LENET_CHECK(CUBLAS_STATUS_SUCCESS);
    LENET_CHECK(CUDNN_STATUS_SUCCESS);
  } catch (const Error&) {
    expect("success throws nothing", false);
  }
  std::printf("%d failures\n", failures);
  return failures == 0 ? 0 : 1;
}

}  // namespace
}  // namespace lenet::cuda

int main() { return lenet::cuda::run(); }
