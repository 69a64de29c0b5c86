#include "cudnn/engines.h"

#include <algorithm>

namespace lenet::emulation {
namespace {

// It grows with the mini-batch, as a real engine's may, up to what a caller can be expected to
// have; backward takes more than forward.
constexpr size_t kWorkspaceBytes = 256 << 10;
constexpr size_t kWorkspaceBytesPerImage = 16 << 10;
constexpr size_t kLargestWorkspace = size_t{48} << 20;

bool is_convolution(NodeKind kind) {
  return kind == NodeKind::kConvolutionForward || kind == NodeKind::kConvolutionBackwardData ||
         kind == NodeKind::kConvolutionBackwardFilter;
}

bool is_pooling(NodeKind kind) {
  return kind == NodeKind::kPoolingForward || kind == NodeKind::kPoolingBackward;
}

// One operation, or a forward convolution followed by pointwise operations on its result, each
// result but the last a virtual tensor.
bool is_supported_pattern(const Graph& graph) {
  const std::vector<Node>& nodes = graph.nodes;
  if (nodes.size() == 1) {
    return is_convolution(nodes[0].kind) || is_pooling(nodes[0].kind);
  }
  bool supported = nodes[0].kind == NodeKind::kConvolutionForward && nodes.size() <= 3;
  for (size_t i = 1; i < nodes.size(); i++) {
    supported &= nodes[i].kind == NodeKind::kPointwise &&
                 nodes[i].inputs[0].id == nodes[i - 1].output.id && nodes[i - 1].output.is_virtual;
  }
  return supported && !nodes.back().output.is_virtual;
}

bool is_packed(const Graph& graph) {
  return std::all_of(graph.nodes.begin(), graph.nodes.end(), [](const Node& node) {
    return node.output.is_packed() &&
           std::all_of(node.inputs.begin(), node.inputs.end(),
                       [](const Tensor& tensor) { return tensor.is_packed(); });
  });
}

size_t workspace_of(const Node& node) {
  const size_t images = static_cast<size_t>(node.inputs.front().dims.front());
  const size_t share = node.kind == NodeKind::kConvolutionForward ? 1 : 3;
  return std::min(kWorkspaceBytes + share * images * kWorkspaceBytesPerImage, kLargestWorkspace);
}

Engine precise(const Graph& graph) {
  Engine engine;
  engine.index = 3;
  engine.workspace_bytes = workspace_of(graph.nodes.front());
  engine.graph = graph;
  return engine;
}

Engine tensor_core(const Graph& graph) {
  Engine engine = precise(graph);
  engine.index = 0;
  engine.arithmetic.tf32 = true;
  engine.numerical_notes = {CUDNN_NUMERICAL_NOTE_TENSOR_CORE,
                            CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS};
  return engine;
}

Engine unordered(const Graph& graph) {
  Engine engine = precise(graph);
  engine.index = 1;
  engine.workspace_bytes = 0;
  engine.arithmetic.unordered = true;
  engine.numerical_notes = {CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC};
  return engine;
}

Engine compiled_at_run_time(const Graph& graph) {
  Engine engine = precise(graph);
  engine.index = 2;
  engine.compiled_at_run_time = true;
  engine.behavior_notes = {CUDNN_BEHAVIOR_NOTE_RUNTIME_COMPILATION};
  return engine;
}

// Real ones ask for gigabytes, too; which one a caller can give is the caller's business.
Engine greedy(const Graph& graph) {
  Engine engine = precise(graph);
  engine.index = 5;
  engine.workspace_bytes = size_t{1} << 40;
  return engine;
}

Engine pooling(const Graph& graph) {
  Engine engine = precise(graph);
  engine.index = 4;
  engine.workspace_bytes = 0;
  return engine;
}

}  // namespace

std::vector<Engine> engines_for(const Graph& graph, cudnnBackendHeurMode_t mode) {
  if (mode < 0 || mode >= CUDNN_HEUR_MODES_COUNT) {
    throw Refusal{CUDNN_STATUS_BAD_PARAM, "no such mode"};
  }
  if (!is_supported_pattern(graph)) {
    throw Refusal{CUDNN_STATUS_NOT_SUPPORTED_GRAPH_PATTERN,
                  "no engine for this graph of operations"};
  }
  if (!is_packed(graph)) {
    throw Refusal{CUDNN_STATUS_NOT_SUPPORTED_LAYOUT, "the emulation has packed NCHW only"};
  }
  NodeKind kind = graph.nodes.front().kind;
  if (is_pooling(kind)) {
    // As in cuDNN 9.24, only the fallback mode knows poolings. Which of several equal maxima gets
    // the gradient is not documented, so nothing here may rely on it.
    const auto& settings = std::get<Pooling>(graph.nodes.front().settings);
    bool undocumented =
        kind == NodeKind::kPoolingBackward && settings.mode == CUDNN_RESAMPLE_MAXPOOL;
    if (mode != CUDNN_HEUR_MODE_FALLBACK || undocumented) {
      throw Refusal{CUDNN_STATUS_NOT_SUPPORTED, "no engine for this pooling in this mode"};
    }
    return {pooling(graph)};
  }
  if (mode == CUDNN_HEUR_MODE_FALLBACK) return {precise(graph)};
  return {tensor_core(graph), unordered(graph), compiled_at_run_time(graph), greedy(graph),
          precise(graph)};
}

}  // namespace lenet::emulation
