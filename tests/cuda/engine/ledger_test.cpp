// What a training costs the host: enqueued calls, copies and their bytes, waits, allocations.
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "cuda/kernel_types.h"
#include "cuda_fixture.h"

namespace lenet {
namespace {

// The chapter's mini-batch would only take longer: the number of calls does not depend on it.
constexpr int32_t kBatch = 8;
constexpr int32_t kExamples = 5 * kBatch + 3;
constexpr int32_t kSteps = 6;

struct Cost {
  uint64_t kernel, cudnn, cublas, other, graph_launches;
  uint64_t allocations, frees, synchronisations, copies, bytes_up, bytes_down;

  static uint64_t enqueued(const std::string& kind) {
    return lenet_emu_ledger_get(("enqueued." + kind).c_str()) +
           lenet_emu_ledger_get(("captured." + kind).c_str());
  }

  // Since the ledger's last reset; what a graph replays does not count as enqueued.
  static Cost now() {
    Cost cost;
    cost.kernel = enqueued("kernel");
    cost.cudnn = enqueued("cudnn");
    cost.cublas = enqueued("cublas");
    cost.other = enqueued("copy") + enqueued("fill") + enqueued("event");
    cost.graph_launches = lenet_emu_ledger_get("graph.launches");
    cost.allocations =
        lenet_emu_ledger_get("allocations.device") + lenet_emu_ledger_get("allocations.host");
    cost.frees = lenet_emu_ledger_get("frees.device");
    cost.synchronisations = lenet_emu_ledger_get("synchronisations");
    cost.bytes_up = lenet_emu_ledger_get("bytes.host_to_device");
    cost.bytes_down = lenet_emu_ledger_get("bytes.device_to_host");
    cost.copies = 0;
    for (const char* direction :
         {"host_to_device", "device_to_host", "device_to_device", "host_to_host"}) {
      cost.copies += lenet_emu_ledger_get((std::string("copies.") + direction).c_str());
    }
    return cost;
  }
};

class LedgerTest : public CudaEngineTest, public testing::WithParamInterface<bool> {
 protected:
  static Config config() {
    Config config;
    config.momentum = 0.9f;
    config.nesterov = true;
    config.weight_decay = 1e-4f;
    config.flip = true;
    config.shift = 1;
    config.cuda_graph = GetParam();
    return config;
  }

  static void expect_no_traffic(const Cost& cost) {
    EXPECT_EQ(0u, cost.other);
    EXPECT_EQ(0u, cost.allocations);
    EXPECT_EQ(0u, cost.frees);
    EXPECT_EQ(0u, cost.synchronisations);
    EXPECT_EQ(0u, cost.copies);
    EXPECT_EQ(0u, cost.bytes_up);
    EXPECT_EQ(0u, cost.bytes_down);
  }

  const Images images_{kExamples};
};

INSTANTIATE_TEST_SUITE_P(, LedgerTest, testing::Values(true, false),
                         [](const auto& info) { return info.param ? "Graph" : "Eager"; });

TEST_P(LedgerTest, AnEpochOnlyLaunchesSteps) {
  const auto engine = make_cuda_engine(config());
  const int32_t dataset = images_.add_to(*engine);
  for (int epoch = 0; epoch < 2; epoch++) {
    start_epoch(*engine, dataset, kExamples, kBatch);
    lenet_emu_ledger_reset();
    engine->run(1);
    engine->run(kSteps - 1);
    const Cost cost = Cost::now();
    expect_no_traffic(cost);
    EXPECT_EQ(GetParam() ? kSteps : 0u, cost.graph_launches);
    EXPECT_EQ(GetParam() ? 0u : 10u * kSteps, cost.kernel);
    EXPECT_EQ(GetParam() ? 0u : 7u * kSteps, cost.cudnn);
    EXPECT_EQ(GetParam() ? 0u : 8u * kSteps, cost.cublas);
  }
}

TEST_P(LedgerTest, AStepIs25Calls) {
  const auto engine = make_cuda_engine(config());
  const int32_t dataset = images_.add_to(*engine);
  lenet_emu_ledger_reset();
  start_epoch(*engine, dataset, kBatch, kBatch);
  engine->run(1);
  // Once to warm up; the second time is captured, or run as it is.
  const Cost cost = Cost::now();
  EXPECT_EQ(2 * 10u, cost.kernel);
  EXPECT_EQ(2 * 7u, cost.cudnn);
  EXPECT_EQ(2 * 8u, cost.cublas);
  if (!GetParam()) return;
  EXPECT_EQ(10u, lenet_emu_ledger_get("replayed.kernel"));
  EXPECT_EQ(7u, lenet_emu_ledger_get("replayed.cudnn"));
  EXPECT_EQ(8u, lenet_emu_ledger_get("replayed.cublas"));
}

TEST_P(LedgerTest, TenEpochsBringUpTheDataTheOrdersAndTheRates) {
  constexpr uint64_t kEpochs = 10;
  const auto engine = make_cuda_engine(config());
  lenet_emu_ledger_reset();
  const int32_t dataset = images_.add_to(*engine);
  for (uint64_t epoch = 0; epoch < kEpochs; epoch++) {
    start_epoch(*engine, dataset, kExamples, kBatch);
    engine->run(kSteps);
    engine->take_metrics();
  }
  const uint64_t data = kExamples * (kImagePixels + sizeof(int32_t));
  const uint64_t epoch = kExamples * sizeof(int32_t) + kSteps * sizeof(float);
  // A Source an epoch, one more to warm up each of the two batch sizes, and metrics set to zero.
  const uint64_t small_change = (kEpochs + 2) * sizeof(cuda::Source) + kEpochs * sizeof(cuda::Sums);
  const Cost cost = Cost::now();
  EXPECT_EQ(data + kEpochs * epoch + small_change, cost.bytes_up);
  EXPECT_EQ(kEpochs * sizeof(cuda::Sums), cost.bytes_down);
}

TEST_P(LedgerTest, OnlyTheFirstCallOfASizeAllocates) {
  const auto engine = make_cuda_engine(config());
  const int32_t dataset = images_.add_to(*engine);
  const std::vector<int32_t> order = order_of(kExamples);
  std::vector<float> gradient(engine->parameter_count());
  std::vector<float> probabilities(size_t{kExamples} * 10);
  const auto call_all = [&] {
    start_epoch(*engine, dataset, kExamples, kBatch);
    engine->run(kSteps);
    engine->gradients(dataset, order.data(), kExamples, gradient.data());
    engine->evaluate(dataset);
    engine->predict(images_.pixels.data(), 5, probabilities.data());
  };
  call_all();
  lenet_emu_ledger_reset();
  call_all();
  EXPECT_EQ(0u, Cost::now().allocations);
  EXPECT_EQ(0u, Cost::now().frees);
}

}  // namespace
}  // namespace lenet
