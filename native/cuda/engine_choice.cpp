#include "cuda/engine_choice.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace lenet::cuda {
namespace {

template <class Note>
bool contains(const std::vector<Note>& notes, Note note) {
  return std::find(notes.begin(), notes.end(), note) != notes.end();
}

Descriptor engine_of(const Descriptor& config) {
  auto engines = config.get_all(CUDNN_ATTR_ENGINECFG_ENGINE, CUDNN_BACKEND_ENGINE_DESCRIPTOR);
  if (engines.empty()) throw Error("cuDNN returned an engine configuration without an engine");
  return std::move(engines.front());
}

// What the options hold against an engine; null if nothing.
const char* objection(const Descriptor& engine, const PlanOptions& options) {
  auto numerical = engine.get_all<cudnnBackendNumericalNote_t>(CUDNN_ATTR_ENGINE_NUMERICAL_NOTE);
  if (options.deterministic && contains(numerical, CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC)) {
    return "not deterministic";
  }
  if (!options.allow_tf32 && (contains(numerical, CUDNN_NUMERICAL_NOTE_TENSOR_CORE) ||
                              contains(numerical, CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS))) {
    return "rounds to TF32";
  }
  // These lose more digits than the parity with the other engines allows.
  if (contains(numerical, CUDNN_NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION) ||
      contains(numerical, CUDNN_NUMERICAL_NOTE_FFT) ||
      contains(numerical, CUDNN_NUMERICAL_NOTE_WINOGRAD)) {
    return "less precise than float32";
  }
  auto behavior = engine.get_all<cudnnBackendBehaviorNote_t>(CUDNN_ATTR_ENGINE_BEHAVIOR_NOTE);
  // Such an engine would make nvrtc a run-time dependency and the first step slow.
  if (contains(behavior, CUDNN_BEHAVIOR_NOTE_RUNTIME_COMPILATION)) return "compiled at run time";
  // A plan found without a GPU must not depend on how a stand-in for cublasLt behaves.
  if (contains(behavior, CUDNN_BEHAVIOR_NOTE_CUBLASLT_DEPENDENCY)) return "needs cublasLt";
  return nullptr;
}

std::string name_of(const Descriptor& config, const Descriptor& engine) {
  std::string name =
      "engine " + std::to_string(engine.get<int64_t>(CUDNN_ATTR_ENGINE_GLOBAL_INDEX));
  std::string knobs;
  for (const Descriptor& choice :
       config.get_all(CUDNN_ATTR_ENGINECFG_KNOB_CHOICES, CUDNN_BACKEND_KNOB_CHOICE_DESCRIPTOR)) {
    auto type = choice.get<cudnnBackendKnobType_t>(CUDNN_ATTR_KNOB_CHOICE_KNOB_TYPE);
    auto value = choice.get<int64_t>(CUDNN_ATTR_KNOB_CHOICE_KNOB_VALUE);
    knobs += (knobs.empty() ? "" : ", ") + std::to_string(type) + "=" + std::to_string(value);
  }
  return knobs.empty() ? name : name + " {" + knobs + "}";
}

// Reasons why there is no plan yet, with how often each was met.
using Refusals = std::map<std::string, int>;

std::vector<Descriptor> ranked_configs(const PlanTarget& target, const Descriptor& graph,
                                       cudnnBackendHeurMode_t mode, Refusals* refusals) {
  Descriptor heuristics(CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR);
  heuristics.set(CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, graph)
      .set(CUDNN_ATTR_ENGINEHEUR_MODE, mode);
  if (target.described()) {
    heuristics.set(CUDNN_ATTR_ENGINEHEUR_DEVICEPROP, *target.described());
  }
  // A mode that knows nothing of the operation may say so by failing; another one may know it.
  cudnnStatus_t status = heuristics.try_finalize();
  if (status != CUDNN_STATUS_SUCCESS) {
    ++(*refusals)[std::string("cudnnBackendFinalize of the heuristics: ") +
                  cudnnGetErrorString(status)];
    return {};
  }
  return heuristics.get_all(CUDNN_ATTR_ENGINEHEUR_RESULTS, CUDNN_BACKEND_ENGINECFG_DESCRIPTOR);
}

std::optional<Descriptor> make_plan(const PlanTarget& target, const Descriptor& config,
                                    Refusals* refusals) {
  Descriptor plan(CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR);
  if (target.described()) {
    plan.set(CUDNN_ATTR_EXECUTION_PLAN_DEVICEPROP, *target.described());
  } else {
    plan.set(CUDNN_ATTR_EXECUTION_PLAN_HANDLE, target.live());
  }
  plan.set(CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, config);
  cudnnStatus_t status = plan.try_finalize();
  if (status != CUDNN_STATUS_SUCCESS) {
    ++(*refusals)[std::string("cudnnBackendFinalize of a plan: ") + cudnnGetErrorString(status)];
    return std::nullopt;
  }
  return plan;
}

}  // namespace

ChosenEngine choose_engine(const PlanTarget& target, const Descriptor& graph,
                           const PlanOptions& options, const std::string& operation) {
  Refusals refusals;
  for (auto mode : {CUDNN_HEUR_MODE_A, CUDNN_HEUR_MODE_B, CUDNN_HEUR_MODE_FALLBACK}) {
    for (Descriptor& config : ranked_configs(target, graph, mode, &refusals)) {
      Descriptor engine = engine_of(config);
      if (const char* reason = objection(engine, options)) {
        ++refusals[reason];
        continue;
      }
      std::optional<Descriptor> plan = make_plan(target, config, &refusals);
      if (!plan) continue;
      auto workspace = plan->get<int64_t>(CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE);
      if (workspace < 0 || static_cast<size_t>(workspace) > options.workspace_limit) {
        ++refusals["workspace over " + std::to_string(options.workspace_limit) + " bytes"];
        continue;
      }
      std::string name = name_of(config, engine);
      return {std::move(config), std::move(*plan), std::move(name), static_cast<size_t>(workspace)};
    }
  }
  // What helps comes first: Status (core/engine_table.h) has room for 500 characters in all.
  std::string message = "cuDNN has no engine for " + operation +
                        "; use --device cpu, or try another batch size or a newer cuDNN";
  if (refusals.empty()) message += ": its heuristics name none";
  const char* separator = ": ";
  for (const auto& [reason, times] : refusals) {
    message += separator + reason + " (" + std::to_string(times) + ")";
    separator = ", ";
  }
  throw Error(message);
}

}  // namespace lenet::cuda
