// Every call to the CUDA libraries fails once.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "cuda_fixture.h"

namespace lenet {
namespace {

// A failure of these need not show: the engine gives back, goes back to the caller's device, or
// tries another cuDNN engine.
const std::set<std::string> kMayPass = {"cudaFree",
                                        "cudaGraphDestroy",
                                        "cudaGraphExecDestroy",
                                        "cudaSetDevice",
                                        "cudnnBackendDestroyDescriptor",
                                        "cudnnBackendFinalize"};

struct Result {
  std::vector<float> parameters, velocities, gradient, probabilities, layer;
  double loss = 0, training_loss = 0, test_loss = 0;

  bool operator==(const Result& other) const {
    return parameters == other.parameters && velocities == other.velocities &&
           gradient == other.gradient && probabilities == other.probabilities &&
           layer == other.layer && loss == other.loss && training_loss == other.training_loss &&
           test_loss == other.test_loss;
  }
};

// Everything that an engine does, each part tried once more if it fails.
class Scenario {
 public:
  Result run() {
    Result result;
    std::unique_ptr<Engine> engine;
    Config config;
    config.momentum = 0.5f;
    attempt("create", [&] { engine = Engine::create("cuda:0", "", config); });
    const std::vector<float> start = random_parameters(*engine);
    attempt("write parameters", [&] { engine->write_parameters(start.data()); });
    int32_t dataset = 0;
    attempt("add dataset", [&] { dataset = images_.add_to(*engine); });
    attempt("start epoch", [&] { start_epoch(*engine, dataset, kCount, kBatch); });
    for (int32_t step = 0; step < 3; step++) {
      attempt("run", [&] {
        if (engine->batches_done() == step) engine->run(1);
      });
    }
    attempt("evaluate", [&] { result.test_loss = engine->evaluate(dataset).loss_sum; });
    result.probabilities.resize(size_t{2} * 10);
    attempt("predict",
            [&] { engine->predict(images_.pixels.data(), 2, result.probabilities.data()); });
    result.gradient.resize(engine->parameter_count());
    attempt("gradients", [&] {
      result.loss = engine->gradients(dataset, order_.data(), kBatch, result.gradient.data());
    });
    result.layer.resize(4704);
    attempt("layer output", [&] {
      engine->layer_output(Layer::CONV1, images_.pixels.data(), 1, result.layer.data());
    });
    attempt("metrics", [&] { result.training_loss = engine->metrics().loss_sum; });
    result.parameters.resize(engine->parameter_count());
    attempt("read parameters", [&] { engine->read_parameters(result.parameters.data()); });
    result.velocities.resize(engine->parameter_count());
    attempt("read velocities", [&] { engine->read_velocities(result.velocities.data()); });
    const std::string description = engine->description();
    without_graph_ = description.find("without CUDA Graph: ") != std::string::npos;
    if (without_graph_) message_ = description;
    attempt("remove dataset", [&] { engine->end_epoch(), engine->remove_dataset(dataset); });
    closing_ = std::string(lenet_emu_failed_function()).empty();
    return result;
  }

  const std::string& failed() const { return failed_; }
  const std::string& message() const { return message_; }
  // What fails while a step is captured costs no more than the graph; the description says so.
  bool without_graph() const { return without_graph_; }
  // Closing never fails.
  bool closing() const { return closing_; }

 private:
  static constexpr int32_t kBatch = 2;
  static constexpr int32_t kCount = 2 * kBatch + 1;

  void attempt(const char* name, const std::function<void()>& part) {
    try {
      part();
    } catch (const Error& e) {
      EXPECT_EQ("", failed_) << name << " failed after " << failed_ << ": " << e.what();
      failed_ = name;
      message_ = e.what();
      part();
    }
  }

  const Images images_{kCount};
  const std::vector<int32_t> order_ = order_of(kBatch);
  std::string failed_;
  std::string message_;
  bool without_graph_ = false;
  bool closing_ = false;
};

class FaultTest : public CudaEngineTest {
 protected:
  void TearDown() override {
    lenet_emu_fail("any", 0, 0);
    CudaEngineTest::TearDown();
  }
};

// Without a graph a step can fail half-way, when the device's counter has moved or not: it counts
// for nothing, and is taken again.
TEST_F(FaultTest, HalfAStepIsNone) {
  const Images images(4);
  Config config;
  config.momentum = 0.5f;
  config.cuda_graph = false;
  // The second step of two, and its n-th call of a function failing the first time.
  const auto train = [&](const char* function, uint64_t n) {
    const auto engine = make_cuda_engine(config);
    start_epoch(*engine, images.add_to(*engine), 4, 2);
    engine->run(1);
    if (n > 0) {
      lenet_emu_fail(function, n, 0);
      EXPECT_THROW(engine->run(1), Error) << function << " " << n;
      EXPECT_EQ(1, engine->batches_done());
    }
    engine->run(1);
    EXPECT_EQ(4, engine->metrics().count);
    return std::tuple(parameters_of(*engine), velocities_of(*engine), engine->metrics().loss_sum);
  };
  const auto expected = train("", 0);
  const std::pair<const char*, uint64_t> calls[] = {
      {"cudaLaunchKernel", 10}, {"cudnnBackendExecute", 7}, {"cublasSgemm", 8}};
  for (const auto& [function, count] : calls) {
    for (uint64_t n = 1; n <= count; n++) {
      EXPECT_EQ(expected, train(function, n)) << function << ", call " << n;
    }
  }
}

// How often a scenario calls each function.
std::map<std::string, uint64_t> count_calls() {
  // The sanitized tests may run beside these.
  const std::string path = testing::TempDir() + "lenet-ledger-" + std::to_string(getpid());
  EXPECT_NE(0, lenet_emu_ledger_write(path.c_str()));
  std::ifstream ledger(path);
  const std::string prefix = "calls.";
  std::map<std::string, uint64_t> calls;
  std::string counter;
  for (uint64_t count; ledger >> counter >> count;) {
    if (counter.compare(0, prefix.size(), prefix) == 0) {
      calls[counter.substr(prefix.size())] = count;
    }
  }
  std::remove(path.c_str());
  return calls;
}

// Every call of every function; of those that are called hundreds of times (the attributes of
// cuDNN's descriptors above all) a sample, unless LENET_EVERY_CALL is set.
TEST_F(FaultTest, EveryCallFailsOnce) {
  constexpr uint64_t kSample = 24;
  const bool every_call = std::getenv("LENET_EVERY_CALL") != nullptr;
  lenet_emu_ledger_reset();
  const Result expected = Scenario().run();
  int faults = 0;
  const std::map<std::string, uint64_t> calls = count_calls();
  EXPECT_GE(calls.size(), 25u);
  for (const auto& [function, count] : calls) {
    const uint64_t stride = every_call ? 1 : (count + kSample - 1) / kSample;
    for (uint64_t call = 1; call <= count; call += stride) {
      lenet_emu_fail(function.c_str(), call, 0);
      Scenario scenario;
      const Result result = scenario.run();
      if (function != lenet_emu_failed_function()) continue;  // Some calls can not fail.
      faults++;
      const std::string what = function + ", call " + std::to_string(call);
      EXPECT_STREQ("", lenet_emu_live_report()) << what;
      EXPECT_TRUE(result == expected) << what << ": other results after " << scenario.failed();
      if (scenario.failed().empty() && !scenario.without_graph()) {
        EXPECT_TRUE(kMayPass.count(function) == 1 || scenario.closing()) << what << " did not show";
      } else {
        const std::string name = function == "cudaLaunchKernel" ? "launch of" : function;
        EXPECT_NE(std::string::npos, scenario.message().find(name))
            << what << " in " << scenario.failed() << ": " << scenario.message();
      }
      ASSERT_FALSE(HasFailure());  // One is enough to look at.
    }
  }
  std::printf("%d calls of %zu functions failed\n", faults, calls.size());
}

}  // namespace
}  // namespace lenet
