// Asks the real cuDNN for every plan that the CUDA engine uses, for devices that are only
// described: the shipped code builds the graphs and chooses the engines. No GPU and no driver are
// needed, and nothing is computed.
//
//   plans_test DEVICES    a folder of device descriptions, see README.md
#include <cudnn_graph.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

#include "cuda/cudnn_plans.h"
#include "cuda/engine_choice.h"
#include "cuda/operation_graph.h"

namespace lenet::cuda {
namespace {

// 256 and its tail 96 are the chapter's, 1,024 is what evaluation and prediction take at a time
// (Network::kChunk), 4,096 is a large one.
constexpr int kBatches[] = {4096, 1024, 256, 96, 17, 1};

struct Device {
  std::string name;
  std::string json;
};

struct Operation {
  std::string name;
  std::function<Plan(const PlanTarget&, int batch, const PlanOptions&)> plan;
};

struct Failures {
  int count = 0;
  void report(const std::string& what) {
    std::printf("FAILED: %s\n", what.c_str());
    count++;
  }
};

std::vector<Device> read_devices(const std::string& folder) {
  std::vector<Device> devices;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::ifstream file(entry.path());
    devices.push_back({entry.path().stem().string(),
                       {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()}});
  }
  if (devices.empty()) throw std::runtime_error("no device descriptions in " + folder);
  std::sort(devices.begin(), devices.end(),
            [](const Device& a, const Device& b) { return a.name < b.name; });
  return devices;
}

// Whatever the engine plans, for all variants of the network.
std::vector<Operation> all_operations() {
  std::vector<Operation> operations;
  for (ConvLayer layer : {ConvLayer::CONV1, ConvLayer::CONV2}) {
    std::string prefix = layer == ConvLayer::CONV1 ? "conv1 " : "conv2 ";
    auto add = [&](const char* name, auto plan) {
      operations.push_back(
          {prefix + name, [=](const PlanTarget& target, int batch, const PlanOptions& options) {
             return plan(target, layer, batch, options);
           }});
    };
    auto with = [](Activation activation) {
      return [=](const PlanTarget& target, ConvLayer conv, int batch, const PlanOptions& options) {
        return conv_bias_activation_forward(target, conv, batch, activation, options);
      };
    };
    auto pool = [](Pooling pooling) {
      return [=](const PlanTarget& target, ConvLayer conv, int batch, const PlanOptions& options) {
        return pool_forward(target, conv, batch, pooling, options);
      };
    };
    add("+ bias", conv_bias_forward);
    add("+ bias + sigmoid", with(Activation::SIGMOID));
    add("+ bias + tanh", with(Activation::TANH));
    add("+ bias + relu", with(Activation::RELU));
    add("weight gradient", conv_backward_filter);
    if (layer == ConvLayer::CONV2) add("input gradient", conv_backward_data);
    add("average pooling", pool(Pooling::AVG));
    add("max pooling", pool(Pooling::MAX));
  }
  return operations;
}

// What became of every operation and batch size on every device, in that order of nesting.
struct Planned {
  std::string engine = "NONE";
  size_t workspace_bytes = 0;
};

std::vector<Planned> plan_everything(const std::vector<Device>& devices, const PlanOptions& options,
                                     Failures* failures) {
  std::vector<PlanTarget> targets;
  for (const Device& device : devices) {
    targets.push_back(PlanTarget::device_properties(device.json));
  }
  std::vector<Planned> planned;
  for (const Operation& operation : all_operations()) {
    for (int batch : kBatches) {
      for (size_t d = 0; d < devices.size(); d++) {
        Planned& result = planned.emplace_back();
        try {
          Plan plan = operation.plan(targets[d], batch, options);
          result = {plan.engine_name(), plan.workspace_bytes()};
        } catch (const Error& e) {
          failures->report(devices[d].name + ": " + e.what());
        }
      }
    }
  }
  return planned;
}

// One row an operation and batch size, one column a device.
void print_table(const std::vector<Device>& devices, const std::vector<Planned>& planned) {
  std::printf("| %-30s | %5s |", "operation", "batch");
  for (const Device& device : devices) std::printf(" %12s |", device.name.c_str());
  std::printf("\n|---|---|");
  for (size_t d = 0; d < devices.size(); d++) std::printf("---|");
  std::printf("\n");
  auto next = planned.begin();
  for (const Operation& operation : all_operations()) {
    for (int batch : kBatches) {
      std::printf("| %-30s | %5d |", operation.name.c_str(), batch);
      for (size_t d = 0; d < devices.size(); d++, ++next) {
        // "engine 11 {knobs}" -> "11"
        std::string text = next->engine.substr(0, next->engine.find(" {"));
        text.erase(0, text.rfind(' ') + 1);
        if (next->workspace_bytes > 0) text += " (" + std::to_string(next->workspace_bytes) + ")";
        std::printf(" %12s |", text.c_str());
      }
      std::printf("\n");
    }
  }
}

// An option that changes no plan at all would be one that the choice ignores.
void expect_different(const char* option, const std::vector<Planned>& planned,
                      const std::vector<Planned>& others, Failures* failures) {
  int differences = 0;
  for (size_t i = 0; i < planned.size(); i++) differences += planned[i].engine != others[i].engine;
  std::printf("%s: %d of %zu plans have another engine\n", option, differences, planned.size());
  if (differences == 0) failures->report(std::string(option) + " changes nothing");
}

// The lenet::Error of an action that must fail, each of its expected texts contained in it.
void expect_error(const char* what, const std::vector<std::string>& expected,
                  const std::function<void()>& action, Failures* failures) {
  std::string message = "no error";
  try {
    action();
  } catch (const Error& e) {
    message = e.what();
  }
  std::printf("%s: %s\n", what, message.c_str());
  for (const std::string& text : expected) {
    if (message.find(text) == std::string::npos) failures->report("expected '" + text + "'");
  }
}

// A test that says "every plan exists" has to be one that can say "this one does not".
void refuse_the_impossible(const Device& device, Failures* failures) {
  std::printf("\nWhat cuDNN must refuse:\n");
  PlanTarget target = PlanTarget::device_properties(device.json);
  expect_error(
      "a convolution with its pooling in one plan", {"cuDNN has no engine for conv1 + pooling"},
      [&] {
        OperationGraph graph;
        auto x = graph.memory({256, 1, 28, 28}, 16);
        auto w = graph.memory({6, 1, 5, 5}, 16);
        auto y = graph.between({256, 6, 28, 28});
        auto pooled = graph.memory({256, 6, 14, 14}, 16);
        graph.convolution_forward(graph.convolution(2), x, w, y);
        graph.pooling_forward(graph.pooling(CUDNN_RESAMPLE_AVGPOOL_INCLUDE_PADDING), y, pooled);
        choose_engine(target, graph.finish(nullptr), PlanOptions(), "conv1 + pooling");
      },
      failures);
  expect_error(
      "an output of the wrong size", {"cudnnBackendFinalize", "CUDNN_STATUS_BAD_PARAM", "found"},
      [&] {
        OperationGraph graph;
        auto x = graph.memory({256, 1, 28, 28}, 16);
        auto w = graph.memory({6, 1, 5, 5}, 16);
        auto y = graph.memory({256, 6, 24, 24}, 16);
        graph.convolution_forward(graph.convolution(2), x, w, y);
      },
      failures);
  expect_error(
      "a batch of -1", {"cudnnBackendFinalize", "CUDNN_STATUS_BAD_PARAM"},
      [&] { conv_bias_forward(target, ConvLayer::CONV1, -1); }, failures);
  expect_error(
      "a chip of compute capability 2.0", {"CUDNN_STATUS_NOT_SUPPORTED_ARCH_MISMATCH"},
      [&] {
        std::string json = device.json;
        std::string key = "\"deviceVer\": ";
        size_t start = json.find(key) + key.size();
        json.replace(start, json.find(',', start) - start, "200");
        PlanTarget::device_properties(json);
      },
      failures);
  expect_error(
      "a description that is not JSON", {"cudnnBackendFinalize", "CUDNN_STATUS_BAD_PARAM"},
      [] { PlanTarget::device_properties("a fast one, please"); }, failures);
  expect_error(
      "execution on a described device", {"conv1", "only described"},
      [&] { conv_bias_forward(target, ConvLayer::CONV1, 1).execute(nullptr, nullptr, nullptr); },
      failures);
}

int run(const std::string& folder) {
  auto start = std::chrono::steady_clock::now();
  Failures failures;
  std::vector<Device> devices = read_devices(folder);
  size_t version = cudnnGetVersion();
  std::printf("cuDNN %zu.%zu.%zu, headers %d.%d.%d; cells: engine (workspace in bytes)\n",
              version / 10000, version / 100 % 100, version % 100, CUDNN_MAJOR, CUDNN_MINOR,
              CUDNN_PATCHLEVEL);
  std::vector<Planned> planned = plan_everything(devices, PlanOptions(), &failures);
  std::printf("\nDeterministic, float32 throughout (the default):\n\n");
  print_table(devices, planned);
  PlanOptions tf32;
  tf32.allow_tf32 = true;
  std::vector<Planned> tf32_planned = plan_everything(devices, tf32, &failures);
  std::printf("\nDeterministic, TF32 allowed (--tf32):\n\n");
  print_table(devices, tf32_planned);
  PlanOptions any_order;
  any_order.deterministic = false;
  std::printf("\n");
  expect_different("allow_tf32 = true", planned, tf32_planned, &failures);
  expect_different("deterministic = false", planned, plan_everything(devices, any_order, &failures),
                   &failures);
  refuse_the_impossible(devices.front(), &failures);
  std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  std::printf("\n%zu devices, %zu plans with the default options, %d failures, %.1f s\n",
              devices.size(), planned.size(), failures.count, seconds.count());
  return failures.count == 0 ? 0 : 1;
}

}  // namespace
}  // namespace lenet::cuda

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: plans_test DEVICES\n");
    return 2;
  }
  try {
    return lenet::cuda::run(argv[1]);
  } catch (const std::exception& e) {
    std::printf("FAILED: %s\n", e.what());
    return 1;
  }
}
