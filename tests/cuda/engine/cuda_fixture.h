// The cuda engine on the emulation (in ../device: on a GPU): opened once, and nothing may be left
// of it after a test.
#pragma once

#include <cuda_runtime_api.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>

#include "engine_fixture.h"
#include "lenet/engine.h"
#include "runtime/hooks.h"

namespace lenet {

inline std::unique_ptr<Engine> make_cuda_engine(const Config& config = Config(),
                                                const char* device = "cuda:0") {
  // Who has one GPU can still see that several engines do not disturb each other.
  int devices = 0;
  if (cudaGetDeviceCount(&devices) == cudaSuccess && devices == 1) device = "cuda:0";
  auto engine = Engine::create(device, "", config);
  engine->write_parameters(random_parameters(*engine).data());
  return engine;
}

class CudaEngineTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    // The variable: for tests that were built elsewhere.
    const char* plugin = std::getenv("LENET_CUDA_PLUGIN");
    open_cuda(plugin == nullptr ? LENET_CUDA_PLUGIN : plugin);
  }

  void SetUp() override { lenet_emu_ledger_reset(); }

  void TearDown() override {
    EXPECT_STREQ("", lenet_emu_live_report());
    EXPECT_EQ(0u, lenet_emu_violations()) << lenet_emu_last_violation();
  }
};

}  // namespace lenet
