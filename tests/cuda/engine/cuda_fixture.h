// The cuda engine on the emulation: opened once, and nothing may be left of it after a test.
#pragma once

#include <gtest/gtest.h>

#include <memory>

#include "engine_fixture.h"
#include "lenet/engine.h"
#include "runtime/hooks.h"

namespace lenet {

inline std::unique_ptr<Engine> make_cuda_engine(const Config& config = Config(),
                                                const char* device = "cuda:0") {
  auto engine = Engine::create(device, "", config);
  engine->write_parameters(random_parameters(*engine).data());
  return engine;
}

class CudaEngineTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { open_cuda(LENET_CUDA_PLUGIN); }

  void SetUp() override { lenet_emu_ledger_reset(); }

  void TearDown() override {
    EXPECT_STREQ("", lenet_emu_live_report());
    EXPECT_EQ(0u, lenet_emu_violations()) << lenet_emu_last_violation();
  }
};

}  // namespace lenet
