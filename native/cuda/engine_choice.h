// Which of cuDNN's engines computes an operation graph, and the execution plan made of it.
#pragma once

#include <string>

#include "cuda/cudnn_descriptor.h"
#include "cuda/cudnn_plans.h"

namespace lenet::cuda {

struct ChosenEngine {
  Descriptor config;
  Descriptor plan;
  std::string name;
  size_t workspace_bytes;
};

// The first engine configuration of cuDNN's heuristics that fits the options and makes a plan. No
// timing decides, so the same library and device always give the same engine.
// operation names the graph in the message of the lenet::Error thrown if there is none.
ChosenEngine choose_engine(const PlanTarget& target, const Descriptor& graph,
                           const PlanOptions& options, const std::string& operation);

}  // namespace lenet::cuda
