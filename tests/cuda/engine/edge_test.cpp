// The cuda engine where things change or go wrong: growing mini-batches and epochs, memory that
// goes while steps are under way, the caller's device and errors, NaN, TF32, machines that will not
// do.
#include <cuda_runtime_api.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <iterator>
#include <limits>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "core/layout.h"
#include "cuda_fixture.h"

namespace lenet {
namespace {

using CudaEdge = CudaEngineTest;

std::string message_of_create(const char* device) {
  try {
    Engine::create(device, "", Config());
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

// A variable of the emulation, for as long as this lives.
class Emulate {
 public:
  Emulate(const char* variable, const char* value) : variable_(variable) {
    lenet_emu_set(variable, value);
  }
  ~Emulate() { lenet_emu_set(variable_, nullptr); }
  Emulate(const Emulate&) = delete;
  Emulate& operator=(const Emulate&) = delete;

 private:
  const char* variable_;
};

// The backward plans of 1,024 examples need a larger workspace, the largest that the emulation asks
// for; the activations stay, as there is room for as many. For 1,100 only they move. What was
// captured and bound before must not point to the old ones.
TEST_F(CudaEdge, LargeMiniBatchesMoveWhatGraphsAndPlansPointTo) {
  const Images images(1100);
  for (bool graph : {true, false}) {
    Config config;
    config.cuda_graph = graph;
    std::vector<float> undisturbed;
    for (bool disturb : {false, true}) {
      const auto engine = make_cuda_engine(config);
      const int32_t dataset = images.add_to(*engine);
      // Three mini-batches of one size: another one would have plans and a graph of its own.
      start_epoch(*engine, dataset, 51, 17);
      engine->run(1);
      for (int32_t large : {1024, 1100}) {
        if (disturb) {
          std::vector<float> gradient(engine->parameter_count());
          engine->gradients(dataset, order_of(large).data(), large, gradient.data());
        }
        engine->run(1);
      }
      if (disturb) {
        EXPECT_EQ(undisturbed, parameters_of(*engine));
      } else {
        undisturbed = parameters_of(*engine);
      }
    }
  }
}

// A capture is one thread's own business.
TEST_F(CudaEdge, OtherThreadsAllocateDuringACapture) {
  static cudaError_t allocated;
  allocated = cudaErrorUnknown;
  lenet_emu_on_capture([] {
    std::thread([] {
      void* memory = nullptr;
      allocated = cudaMalloc(&memory, 256);
      cudaFree(memory);
    }).join();
  });
  const Images images(8);
  const auto engine = make_cuda_engine();
  start_epoch(*engine, images.add_to(*engine), 8, 8);
  lenet_emu_on_capture(nullptr);
  EXPECT_EQ(cudaSuccess, allocated);
  EXPECT_EQ(std::string::npos, engine->description().find("without CUDA Graph"));
}

TEST_F(CudaEdge, PlansAreKeptForSoManyBatchSizes) {
  const Images images(70);
  const auto engine = make_cuda_engine();
  const int32_t dataset = images.add_to(*engine);
  std::vector<float> gradient(engine->parameter_count());
  uint64_t most_at_first = 0;
  for (int32_t batch = 1; batch <= 70; batch++) {
    engine->gradients(dataset, order_of(batch).data(), batch, gradient.data());
    const uint64_t live = lenet_emu_live(nullptr);
    if (batch <= 35) most_at_first = std::max(most_at_first, live);
    EXPECT_LE(live, most_at_first) << "after " << batch << " batch sizes";
  }
}

TEST_F(CudaEdge, ARemovedDatasetIsFreed) {
  const Images images(3);
  const auto engine = make_cuda_engine();
  images.add_to(*engine);
  const uint64_t before = lenet_emu_live("device_allocations");
  for (int i = 0; i < 3; i++) engine->remove_dataset(images.add_to(*engine));
  EXPECT_EQ(before, lenet_emu_live("device_allocations"));
}

// Steps are under way when what they read is to go: nothing but the engine waits for them.
TEST_F(CudaEdge, NothingGoesBeforeTheStepsThatReadIt) {
  const Images images(40);
  const auto start_steps = [](Engine& engine, int32_t count) {
    start_epoch(engine, 0, count, 2);
    engine.run(2);
    EXPECT_LT(0u, lenet_emu_pending());
  };
  for (bool graph : {true, false}) {
    Config config;
    config.cuda_graph = graph;
    const auto engine = make_cuda_engine(config);
    images.add_to(*engine);
    start_steps(*engine, 4);
    start_steps(*engine, 40);  // a longer order and more rates
    engine->remove_dataset(0);
    parameters_of(*engine);
    const auto closed = make_cuda_engine(config);
    images.add_to(*closed);
    start_steps(*closed, 40);
  }
}

TEST_F(CudaEdge, EpochsMayGrow) {
  const Images images(40);
  const auto engine = make_cuda_engine();
  const auto cpu = make_engine();
  for (Engine* e : {engine.get(), cpu.get()}) {
    images.add_to(*e);
    for (int32_t count : {3, 40}) {
      start_epoch(*e, 0, count, 2);
      e->run((count + 1) / 2);
    }
  }
  EXPECT_NEAR(cpu->metrics().loss_sum, engine->metrics().loss_sum, 1e-3);
}

TEST_F(CudaEdge, TheLargestBatchSizeIsOneMiniBatch) {
  const Images images(40);
  std::vector<float> expected;
  for (int32_t batch_size : {40, std::numeric_limits<int32_t>::max()}) {
    const auto engine = make_cuda_engine();
    images.add_to(*engine);
    const float rate = 0.3f;
    engine->start_epoch(0, 0, order_of(40).data(), 40, batch_size, &rate);
    engine->run(1);
    if (expected.empty()) expected = parameters_of(*engine);
    EXPECT_EQ(expected, parameters_of(*engine));
  }
}

// With 40 classes the parameters, with 44 the columns of the last layer fill their blocks exactly,
// and the thread that counts the metrics is alone in one of its own.
TEST_F(CudaEdge, MetricsCountWhenTheirThreadIsAlone) {
  for (int32_t classes : {40, 44}) {
    Config config;
    config.classes = classes;
    const Images images(9, classes);
    const auto engine = make_cuda_engine(config);
    const auto cpu = make_engine(config);
    for (Engine* e : {engine.get(), cpu.get()}) {
      images.add_to(*e);
      start_epoch(*e, 0, 9, 9);
      e->run(1);
    }
    EXPECT_NEAR(cpu->metrics().loss_sum, engine->metrics().loss_sum, 1e-4);
    EXPECT_EQ(cpu->metrics().correct, engine->metrics().correct);
  }
}

TEST_F(CudaEdge, EvaluationsNeitherSmoothNorAddUp) {
  Config config;
  config.label_smoothing = 0.3f;
  const Images images(9);
  const auto engine = make_cuda_engine(config);
  const auto cpu = make_engine(config);
  for (Engine* e : {engine.get(), cpu.get()}) images.add_to(*e);
  const Metrics metrics = engine->evaluate(0);
  EXPECT_NEAR(cpu->evaluate(0).loss_sum, metrics.loss_sum, 1e-4);
  EXPECT_EQ(metrics.loss_sum, engine->evaluate(0).loss_sum);
}

// A network that has diverged must look it.
TEST_F(CudaEdge, NanGoesThroughActivationAndPooling) {
  const Images images(1);
  for (Pooling pooling : {Pooling::AVG, Pooling::MAX}) {
    Config config;
    config.activation = Activation::RELU;
    config.pooling = pooling;
    const auto engine = make_cuda_engine(config);
    std::vector<float> parameters = parameters_of(*engine);
    parameters[ParameterLayout(10).conv1_bias] = std::nanf("");
    engine->write_parameters(parameters.data());
    for (Layer layer : {Layer::CONV1_ACTIVATION, Layer::POOL1}) {
      std::vector<float> output(layer_size(layer, 10));
      engine->layer_output(layer, images.pixels.data(), 1, output.data());
      EXPECT_TRUE(std::isnan(output.front()));
      EXPECT_FALSE(std::isnan(output.back())) << "another channel";
    }
  }
}

// The first convolution shows cuDNN's rounding. With conv2's weights 0 the input of fc1 is exact,
// so fc1 shows cuBLAS's.
TEST_F(CudaEdge, Tf32RoundsIfAndOnlyIfAskedFor) {
  const Images images(1);
  const auto exact = make_cuda_engine();
  Config config;
  config.tf32 = true;
  const auto rounded = make_cuda_engine(config);
  const auto reference = make_engine();
  const ParameterLayout layout(10);
  std::vector<float> parameters = parameters_of(*exact);
  std::fill(&parameters[layout.conv2_weight], &parameters[layout.conv2_bias], 0.0f);
  for (Engine* engine : {exact.get(), rounded.get(), reference.get()}) {
    engine->write_parameters(parameters.data());
  }
  for (Layer layer : {Layer::CONV1, Layer::FC1}) {
    const size_t size = layer_size(layer, 10);
    std::vector<float> expected(size), exactly(size), roughly(size);
    reference->layer_output(layer, images.pixels.data(), 1, expected.data());
    exact->layer_output(layer, images.pixels.data(), 1, exactly.data());
    rounded->layer_output(layer, images.pixels.data(), 1, roughly.data());
    double exact_error = 0, rounded_error = 0;
    for (size_t i = 0; i < size; i++) {
      ASSERT_TRUE(std::isfinite(exactly[i]) && std::isfinite(roughly[i])) << "value " << i;
      exact_error = std::max(exact_error, std::fabs(double{exactly[i]} - expected[i]));
      rounded_error = std::max(rounded_error, std::fabs(double{roughly[i]} - expected[i]));
    }
    EXPECT_LT(exact_error, 2e-6);
    // TF32 has 10 bits.
    EXPECT_GT(rounded_error, 1e-5);
    EXPECT_LT(rounded_error, 1e-2);
  }
}

// An engine that cuDNN compiles when it is first used needs nvrtc, which nobody is asked to
// install.
TEST_F(CudaEdge, NothingIsCompiledAtRunTime) {
  const Emulate compiler("LENET_EMU_NVRTC", "1");
  const Images images(5);
  const auto engine = make_cuda_engine();
  start_epoch(*engine, images.add_to(*engine), 5, 5);
  engine->run(1);
  EXPECT_LT(0u, lenet_emu_ledger_get("calls.cudnnBackendExecute"));
  EXPECT_EQ(0u, lenet_emu_ledger_get("cudnn.compiled_at_run_time"));
}

int current_device() {
  int device = -1;
  EXPECT_EQ(cudaSuccess, cudaGetDevice(&device));
  return device;
}

// Bytes of a device's memory that are taken.
size_t used_on(int device) {
  size_t available = 0, total = 0;
  EXPECT_EQ(cudaSuccess, cudaSetDevice(device));
  EXPECT_EQ(cudaSuccess, cudaMemGetInfo(&available, &total));
  EXPECT_EQ(cudaSuccess, cudaSetDevice(0));
  return total - available;
}

TEST_F(CudaEdge, TheEngineIsWhereItWasAskedForAndLeavesTheCallersDevice) {
  const Images images(3);
  ASSERT_EQ(cudaSuccess, cudaSetDevice(0));
  auto engine = Engine::create("cuda:1", "", Config());
  EXPECT_EQ(0u, engine->description().find("cuda:1 [EMULATED on CPU]")) << engine->description();
  std::vector<float> values(engine->parameter_count());
  const std::vector<int32_t> order = order_of(3);
  const std::function<void()> calls[] = {
      [&] { images.add_to(*engine); },
      [&] { engine->write_parameters(random_parameters(*engine).data()); },
      [&] { engine->write_velocities(values.data()); },
      [&] { start_epoch(*engine, 0, 3, 2); },
      [&] { engine->run(2); },
      [&] { engine->take_metrics(); },
      [&] { engine->evaluate(0); },
      [&] { engine->gradients(0, order.data(), 3, values.data()); },
      [&] { engine->predict(images.pixels.data(), 3, values.data()); },
      [&] { engine->layer_output(Layer::FC1, images.pixels.data(), 3, values.data()); },
      [&] { engine->read_parameters(values.data()); },
      [&] { engine->read_velocities(values.data()); },
      [&] { engine->remove_dataset(0); }};
  EXPECT_EQ(0, current_device());
  for (size_t i = 0; i < std::size(calls); i++) {
    calls[i]();
    EXPECT_EQ(0, current_device()) << "call " << i;
  }
  EXPECT_LT(0u, used_on(1));
  EXPECT_EQ(0u, used_on(0));
  engine.reset();
  EXPECT_EQ(0, current_device());
  EXPECT_EQ(0u, used_on(1));
}

// Others use CUDA in this thread, too, and the runtime keeps their error for whoever asks next.
TEST_F(CudaEdge, AnErrorThatOthersLeftBehindIsNotTheEngines) {
  const Images images(4);
  Config config;
  config.cuda_graph = false;
  const auto engine = make_cuda_engine(config);
  start_epoch(*engine, images.add_to(*engine), 4, 2);
  ASSERT_EQ(cudaErrorInvalidDevice, cudaSetDevice(99));
  EXPECT_NO_THROW(engine->run(1));
  // Nor is one that it has reported itself.
  lenet_emu_fail("cudaMalloc", 1, 0);
  EXPECT_THROW(images.add_to(*engine), Error);
  EXPECT_NO_THROW(engine->run(1));
}

TEST_F(CudaEdge, SaysWhyAMachineWillNotDo) {
  EXPECT_NE(std::string::npos, message_of_create("cuda:2").find("cuda:0 to cuda:1"));
  {
    const Emulate chip("LENET_EMU_COMPUTE_CAPABILITY", "70");
    EXPECT_NE(std::string::npos, message_of_create("cuda:0").find("too old (sm_70)"));
  }
  {
    const Emulate driver("LENET_EMU_DRIVER", "none");
    EXPECT_NE(std::string::npos, message_of_create("cuda:0").find("no NVIDIA driver was found"));
  }
  {
    const Emulate driver("LENET_EMU_DRIVER", "12080");
    EXPECT_NE(std::string::npos, message_of_create("cuda:0").find(
                                     "the NVIDIA driver is too old (it is for CUDA 12.8)"));
  }
  EXPECT_EQ("", message_of_create("cuda:1"));
}

}  // namespace
}  // namespace lenet
