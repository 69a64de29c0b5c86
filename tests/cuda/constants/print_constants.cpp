// Prints NAME=value for every constant of CUDA, cuBLAS and cuDNN that native/cuda uses, as the
// headers have it that the engine is built with. names.inc comes from list_constants.cmake.
#include <cublas_v2.h>
#include <cuda_runtime_api.h>
#include <cudnn_graph.h>

#include <cstdio>

namespace {

template <class Value>
void print(const char* name, Value value) {
  std::printf("%s=%lld\n", name, static_cast<long long>(value));
}

// Functions look like enumerators of the CUDA runtime until the compiler sees them.
template <class Result, class... Arguments>
void print(const char*, Result (*)(Arguments...)) {}

}  // namespace

int main() {
#define CONSTANT(name) print(#name, name);
#include "names.inc"
#undef CONSTANT
}
