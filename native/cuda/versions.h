// Version numbers as text. Without calls, so that cuDNN can be tried without the other libraries.
#pragma once

#include <cublas_v2.h>

#include <cstddef>
#include <string>

namespace lenet::cuda {

// CUDA's own encoding: 13010 is 13.1.
inline std::string cuda_version(int encoded) {
  return std::to_string(encoded / 1000) + "." + std::to_string(encoded % 1000 / 10);
}

// cuDNN's own encoding: 92400 is 9.24.0.
inline std::string cudnn_version(size_t encoded) {
  return std::to_string(encoded / 10000) + "." + std::to_string(encoded % 10000 / 100) + "." +
         std::to_string(encoded % 100);
}

// The cuBLAS that this library is built for.
inline std::string cublas_built_for() {
  return std::to_string(CUBLAS_VER_MAJOR) + "." + std::to_string(CUBLAS_VER_MINOR) + "." +
         std::to_string(CUBLAS_VER_PATCH);
}

}  // namespace lenet::cuda
