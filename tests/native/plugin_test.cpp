// The way to an engine in a library of its own: what can be wrong with the library is said, and
// the right one is reached. ctest runs each test in a process of its own, as an opened plugin
// stays.
#include "core/plugin.h"

#include <string>

#include "engine_fixture.h"

namespace lenet {
namespace {

TEST(Plugin, MustBeOpenedFirst) {
  expect_error("has not been opened", [] { Engine::create("cuda:0", "", Config()); });
  expect_error("has not been opened", [] { cuda_report(); });
}

TEST(Plugin, RefusesWhatIsNotOne) {
  expect_error("path must not be null", [] { open_cuda(nullptr); });
  expect_error("/nowhere/liblenet_cuda.so", [] { open_cuda("/nowhere/liblenet_cuda.so"); });
  expect_error("is not lenet4j's CUDA plugin", [] { open_cuda(LENET_NO_PLUGIN); });
  expect_error("belongs to another version", [] { open_cuda(LENET_OLD_PLUGIN); });
}

TEST(Plugin, IsReachedOnceOpened) {
  expect_error("another version", [] { open_cuda(LENET_OLD_PLUGIN); });
  open_cuda(LENET_FAKE_PLUGIN);
  open_cuda("/a/second/path/does/not/matter");
  EXPECT_EQ(cuda_report(), "CUDA driver = fake\n");
  Config config;
  expect_error("fake cuda:0, tf32 0, graph 1", [&] { Engine::create("cuda:0", "", config); });
  config.tf32 = true;
  config.cuda_graph = false;
  expect_error("fake cuda:12, tf32 1, graph 0", [&] { Engine::create("cuda:12", "", config); });
}

TEST(Plugin, OnlyGetsItsOwnDevices) {
  open_cuda(LENET_FAKE_PLUGIN);
  for (const char* device : {"cuda", "cuda:", "cuda:x", "cuda:1x", "cuda:1234", "gpu:0"}) {
    expect_error("no engine for device '" + std::string(device) + "'",
                 [&] { Engine::create(device, "", Config()); });
  }
}

}  // namespace
}  // namespace lenet
