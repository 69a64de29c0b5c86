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

namespace lenet::cuda {
namespace {

constexpr int kBatches[] = {256, 96, 17, 1};

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
    add("average pooling gradient", average_pool_backward);
  }
  return operations;
}

std::string cell(const Plan& plan) {
  std::string text = plan.engine_name().substr(0, plan.engine_name().find(" {"));
  text.erase(0, text.find(' ') + 1);
  if (plan.workspace_bytes() > 0) text += " (" + std::to_string(plan.workspace_bytes()) + ")";
  return text;
}

// One row an operation and batch size, one column a device. Returns the number of plans.
int plan_everything(const std::vector<Device>& devices, const PlanOptions& options,
                    Failures* failures) {
  int plans = 0;
  std::vector<PlanTarget> targets;
  std::printf("\n| %-32s | %5s |", "operation", "batch");
  for (const Device& device : devices) {
    targets.push_back(PlanTarget::device_properties(device.json));
    std::printf(" %12s |", device.name.c_str());
  }
  std::printf("\n|---|---|");
  for (size_t d = 0; d < devices.size(); d++) std::printf("---|");
  std::printf("\n");
  for (const Operation& operation : all_operations()) {
    for (int batch : kBatches) {
      std::printf("| %-32s | %5d |", operation.name.c_str(), batch);
      std::string errors;
      for (size_t d = 0; d < devices.size(); d++) {
        std::string text = "NONE";
        try {
          text = cell(operation.plan(targets[d], batch, options));
          plans++;
        } catch (const Error& e) {
          errors += "\n  " + devices[d].name + ": " + e.what();
        }
        std::printf(" %12s |", text.c_str());
      }
      std::printf("\n");
      if (!errors.empty()) failures->report(operation.name + errors);
    }
  }
  return plans;
}

int run(const std::string& folder) {
  auto start = std::chrono::steady_clock::now();
  Failures failures;
  std::vector<Device> devices = read_devices(folder);
  size_t version = cudnnGetVersion();
  std::printf("cuDNN %zu.%zu.%zu, headers %d.%d.%d; cells: engine (workspace in bytes)\n",
              version / 10000, version / 100 % 100, version % 100, CUDNN_MAJOR, CUDNN_MINOR,
              CUDNN_PATCHLEVEL);
  std::printf("\nDeterministic, float32 throughout (the default):\n");
  int plans = plan_everything(devices, PlanOptions(), &failures);
  PlanOptions tf32;
  tf32.allow_tf32 = true;
  std::printf("\nDeterministic, TF32 allowed (--tf32):\n");
  plans += plan_everything(devices, tf32, &failures);
  std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  std::printf("\n%d plans finalised, %d failures, %.1f s\n", plans, failures.count,
              seconds.count());
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
