// What finalised descriptors mean: tensors, operations, graphs of them, engines and plans.
#pragma once

#include <cudnn_graph.h>

#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <variant>
#include <vector>

namespace lenet::emulation {

using Pair = std::array<int64_t, 2>;

struct Tensor {
  int64_t id = 0;
  std::vector<int64_t> dims, strides;
  int64_t alignment = 0;
  bool is_virtual = false;

  size_t size() const;
  bool is_packed() const;
};

struct Convolution {
  bool cross_correlation = true;
  Pair pre, post, stride, dilation;
};

struct Pointwise {
  cudnnPointwiseMode_t mode;
  double lower_clip = 0;
  double upper_clip = std::numeric_limits<double>::max();
  double lower_slope = 0;
  bool propagates_nan = false;
};

struct Pooling {
  cudnnResampleMode_t mode;
  bool propagates_nan = false;
  cudnnPaddingMode_t padding = CUDNN_ZERO_PAD;
  Pair pre, post, stride, window;
};

enum class NodeKind {
  kConvolutionForward,         // x, w -> y
  kConvolutionBackwardData,    // dy, w -> dx
  kConvolutionBackwardFilter,  // x, dy -> dw
  kPointwise,                  // x[, b] -> y
  kPoolingForward,             // x -> y
  kPoolingBackward             // dy[, x, y] -> dx
};

// One operation. The output is alpha times the result plus beta times what it was.
struct Node {
  NodeKind kind;
  std::variant<Convolution, Pointwise, Pooling> settings;
  std::vector<Tensor> inputs;
  Tensor output;
  double alpha = 1, beta = 0;
};

// Nodes in an order in which each one's inputs are there.
struct Graph {
  int device = 0;
  std::vector<Node> nodes;
};

// How an engine's arithmetic differs from float32 inputs with exact, ordered sums.
struct Arithmetic {
  bool tf32 = false;
  bool unordered = false;
};

struct Engine {
  int64_t index = 0;
  Arithmetic arithmetic;
  bool compiled_at_run_time = false;
  size_t workspace_bytes = 0;
  std::vector<cudnnBackendNumericalNote_t> numerical_notes;
  std::vector<cudnnBackendBehaviorNote_t> behavior_notes;
  Graph graph;
};

struct Plan {
  Engine engine;
};

struct VariantPack {
  std::vector<int64_t> ids;
  std::vector<void*> pointers;
  void* workspace = nullptr;
};

using Model = std::variant<std::monostate, Tensor, Convolution, Pointwise, Pooling, Node, Graph,
                           Engine, Plan, VariantPack>;

// A refusal with cuDNN's status.
struct Refusal {
  cudnnStatus_t status;
  std::string reason;
};

}  // namespace lenet::emulation
