// A CUDA plugin without CUDA, for the tests of api/plugin.cpp. Its engine cannot be created.
#include <cstdio>

#include "core/plugin.h"

extern "C" LENET_API const lenet::EngineTable* lenet_cuda_engine_table() {
  static lenet::EngineTable table{};
  table.version = LENET_FAKE_VERSION;
  table.create = [](const char* device, const char*, const lenet::Config* config,
                    lenet::Status* status) noexcept -> void* {
    char message[100];
    std::snprintf(message, sizeof message, "fake %s, tf32 %d, graph %d", device, config->tf32,
                  config->cuda_graph);
    lenet::detail::fail(status, message);
    return nullptr;
  };
  table.destroy = [](void*) noexcept {};
  return &table;
}

extern "C" LENET_API void lenet_cuda_report(lenet::Status*, char* text, int32_t capacity) {
  std::snprintf(text, capacity, "CUDA driver = fake\n");
}
