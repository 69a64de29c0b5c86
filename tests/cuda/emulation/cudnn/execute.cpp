#include "cudnn/execute.h"

#include <cmath>
#include <cstring>
#include <map>

#include "cudnn/compute.h"
#include "cudnn/descriptor.h"

namespace lenet::emulation {
namespace {

struct Binding {
  Tensor tensor;
  bool is_output;
  void* pointer = nullptr;

  Range range() const { return {pointer, tensor.size() * sizeof(float)}; }
};

// The tensors that the graph reads or writes in memory, by id.
std::map<int64_t, Binding> memory_of(const Graph& graph) {
  std::map<int64_t, Binding> bindings;
  for (const Node& node : graph.nodes) {
    for (const Tensor& input : node.inputs) {
      if (!input.is_virtual) bindings.insert({input.id, {input, false}});
    }
    if (!node.output.is_virtual) bindings[node.output.id] = {node.output, true};
  }
  return bindings;
}

void bind(const VariantPack& pack, std::map<int64_t, Binding>* bindings) {
  for (size_t i = 0; i < pack.ids.size(); i++) {
    auto found = bindings->find(pack.ids[i]);
    std::string name = "tensor " + std::to_string(pack.ids[i]);
    if (found == bindings->end()) {
      throw Refusal{CUDNN_STATUS_BAD_PARAM, name + " is not in the plan's graph"};
    }
    uintptr_t alignment = static_cast<uintptr_t>(found->second.tensor.alignment);
    if (reinterpret_cast<uintptr_t>(pack.pointers[i]) % alignment != 0) {
      throw Refusal{CUDNN_STATUS_BAD_PARAM_MISALIGNED_POINTER,
                    name + " is not aligned as its descriptor promises"};
    }
    found->second.pointer = pack.pointers[i];
  }
  for (const auto& [id, binding] : *bindings) {
    if (binding.pointer == nullptr) {
      throw Refusal{CUDNN_STATUS_BAD_PARAM,
                    "the variant pack has no pointer for tensor " + std::to_string(id)};
    }
  }
}

bool overlap(const Range& a, const Range& b) {
  auto a_first = static_cast<const char*>(a.pointer), b_first = static_cast<const char*>(b.pointer);
  return a_first < b_first + b.bytes && b_first < a_first + a.bytes;
}

// What is written must not be read or written as something else.
void check_overlaps(const std::map<int64_t, Binding>& bindings, const Range& workspace) {
  for (const auto& [id, binding] : bindings) {
    if (workspace.bytes > 0 && overlap(binding.range(), workspace)) {
      throw Refusal{CUDNN_STATUS_BAD_PARAM,
                    "tensor " + std::to_string(id) + " overlaps the workspace"};
    }
    for (const auto& [other_id, other] : bindings) {
      if (id != other_id && binding.is_output && overlap(binding.range(), other.range())) {
        throw Refusal{CUDNN_STATUS_BAD_PARAM, "the output " + std::to_string(id) +
                                                  " overlaps tensor " + std::to_string(other_id)};
      }
    }
  }
}

void run(const Engine& engine, const std::map<int64_t, Binding>& bindings, const Range& workspace) {
  if (workspace.bytes > 0) {
    std::memset(const_cast<void*>(workspace.pointer), 0xFF, workspace.bytes);
  }
  // Kept, because the system takes its time to hand out fresh memory; work runs under the lock.
  static auto& between = *new std::map<int64_t, std::vector<float>>;
  auto pointer_to = [&](const Tensor& tensor) {
    return tensor.is_virtual ? between.at(tensor.id).data()
                             : static_cast<float*>(bindings.at(tensor.id).pointer);
  };
  for (const Node& node : engine.graph.nodes) {
    if (node.output.is_virtual) between[node.output.id].assign(node.output.size(), NAN);
    std::vector<const float*> inputs;
    for (const Tensor& input : node.inputs) inputs.push_back(pointer_to(input));
    compute(node, engine.arithmetic, inputs, pointer_to(node.output));
  }
}

const char* name_of(NodeKind kind) {
  constexpr const char* kNames[] = {
      "convolution forward", "convolution backward data", "convolution backward filter",
      "pointwise",           "pooling forward",           "pooling backward"};
  return kNames[static_cast<int>(kind)];
}

std::string label_of(const Engine& engine) {
  std::string label = "engine " + std::to_string(engine.index) + ":";
  const char* separator = " ";
  for (const Node& node : engine.graph.nodes) {
    label += separator + std::string(name_of(node.kind));
    separator = " + ";
  }
  const char* dims = " to ";
  for (int64_t dim : engine.graph.nodes.back().output.dims) {
    label += dims + std::to_string(dim);
    dims = "x";
  }
  return label;
}

Operation make_operation(const Plan& plan, const VariantPack& pack) {
  const Engine& engine = plan.engine;
  std::map<int64_t, Binding> bindings = memory_of(engine.graph);
  bind(pack, &bindings);
  Range workspace{pack.workspace, engine.workspace_bytes};
  if (workspace.bytes > 0 && workspace.pointer == nullptr) {
    throw Refusal{CUDNN_STATUS_BAD_PARAM_NULL_POINTER, "the plan needs a workspace"};
  }
  if (workspace.bytes > 0 && !is_live(engine.graph.device, workspace.pointer, workspace.bytes)) {
    throw Refusal{CUDNN_STATUS_BAD_PARAM_SIZE_INSUFFICIENT, "the workspace is not " +
                                                                std::to_string(workspace.bytes) +
                                                                " bytes of the device's memory"};
  }
  check_overlaps(bindings, workspace);
  Operation operation;
  operation.kind = "cudnn";
  operation.label = label_of(engine);
  for (const auto& [id, binding] : bindings) operation.ranges.push_back(binding.range());
  if (workspace.bytes > 0) operation.ranges.push_back(workspace);
  operation.work = [engine, bindings, workspace] { run(engine, bindings, workspace); };
  return operation;
}

}  // namespace

cudnnStatus_t execute_plan(const CudnnHandle& handle, const Plan& plan, const VariantPack& pack) {
  if (handle.device != plan.engine.graph.device || device_of(handle.stream) != handle.device ||
      current_device() != handle.device) {
    return refuse(CUDNN_STATUS_BAD_PARAM,
                  "plan, handle, stream and current device must be of one device");
  }
  if (plan.engine.compiled_at_run_time) count("cudnn.compiled_at_run_time");
  try {
    return enqueue(handle.stream, make_operation(plan, pack)) == cudaSuccess
               ? CUDNN_STATUS_SUCCESS
               : CUDNN_STATUS_EXECUTION_FAILED;
  } catch (const Refusal& refusal) {
    return refuse(refusal.status, refusal.reason);
  }
}

}  // namespace lenet::emulation
