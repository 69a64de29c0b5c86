// What liblenet_cuda.so exports; api/plugin.cpp is the other side.
#include "core/plugin.h"

#include <cstdio>

#include "cuda/cuda_engine.h"
#include "cuda/devices.h"

extern "C" LENET_API const lenet::EngineTable* lenet_cuda_engine_table() {
  static constexpr lenet::EngineTable table = lenet::make_engine_table<lenet::cuda::CudaEngine>();
  return &table;
}

extern "C" LENET_API void lenet_cuda_report(lenet::Status* status, char* text, int32_t capacity) {
  lenet::detail::guarded(
      status, [&] { std::snprintf(text, capacity, "%s", lenet::cuda::report().c_str()); });
}
