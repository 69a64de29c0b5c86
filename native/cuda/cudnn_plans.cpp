// All that this library asks of cuDNN's graph API, documented by cudnn_graph.h; attribute prefixes
// CUDNN_ATTR_ and descriptor prefixes CUDNN_BACKEND_ are left out.
//
//   DEVICEPROP              DEVICEPROP_JSON_REPRESENTATION (described devices only)
//   TENSOR                  TENSOR_UNIQUE_ID, _DATA_TYPE (float), _BYTE_ALIGNMENT, _DIMENSIONS (4),
//                           _STRIDES (4, packed NCHW), _IS_VIRTUAL (only if true)
//   CONVOLUTION             CONVOLUTION_COMP_TYPE (float), _CONV_MODE (cross-correlation),
//                           _SPATIAL_DIMS (2), _PRE_PADDINGS, _POST_PADDINGS, _DILATIONS (1),
//                           _FILTER_STRIDES (1)
//   OPERATION_CONVOLUTION_FORWARD          OPERATION_CONVOLUTION_FORWARD_CONV_DESC, _X, _W, _Y,
//                                          _ALPHA (float 1), _BETA (float 0)
//   OPERATION_CONVOLUTION_BACKWARD_DATA    OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC, _DY, _W, _DX,
//                                          _ALPHA, _BETA
//   OPERATION_CONVOLUTION_BACKWARD_FILTER  OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC, _X, _DY,
//                                          _DW, _ALPHA, _BETA
//   POINTWISE               POINTWISE_MODE (ADD, SIGMOID_FWD, TANH_FWD, RELU_FWD),
//                           _MATH_PREC (float), _NAN_PROPAGATION (PROPAGATE, only for RELU_FWD)
//   OPERATION_POINTWISE     OPERATION_POINTWISE_PW_DESCRIPTOR, _XDESC, _BDESC (ADD: the bias,
//                           [1,c,1,1], broadcast), _YDESC
//   RESAMPLE                RESAMPLE_MODE (AVGPOOL_INCLUDE_PADDING, MAXPOOL), _COMP_TYPE (float),
//                           _NAN_PROPAGATION (PROPAGATE), _PADDING_MODE (ZERO or NEG_INF),
//                           _SPATIAL_DIMS (2), _WINDOW_DIMS, _STRIDES, _PRE_PADDINGS,
//                           _POST_PADDINGS, all INT64
//   OPERATION_RESAMPLE_FWD  OPERATION_RESAMPLE_FWD_DESC, _XDESC, _YDESC
//   OPERATIONGRAPH          OPERATIONGRAPH_OPS (1 to 3), _HANDLE (live devices only)
//   ENGINEHEUR              ENGINEHEUR_OPERATION_GRAPH, _MODE (A, B, FALLBACK), _DEVICEPROP
//                           (described devices only); read: _RESULTS
//   ENGINECFG               read: ENGINECFG_ENGINE, _KNOB_CHOICES
//   ENGINE                  read: ENGINE_GLOBAL_INDEX, _NUMERICAL_NOTE, _BEHAVIOR_NOTE
//   KNOB_CHOICE             read: KNOB_CHOICE_KNOB_TYPE, _KNOB_VALUE
//   EXECUTION_PLAN          EXECUTION_PLAN_ENGINE_CONFIG, _HANDLE (live devices) or
//                           _DEVICEPROP (described ones); read: _WORKSPACE_SIZE
//   VARIANT_PACK            VARIANT_PACK_UNIQUE_IDS, _DATA_POINTERS, _WORKSPACE (may be null)
//
// An attribute of unknown length is first read with room for no value, which returns the length.
#include "cuda/cudnn_plans.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "core/layout.h"
#include "cuda/cudnn_descriptor.h"
#include "cuda/engine_choice.h"
#include "cuda/error.h"
#include "cuda/operation_graph.h"

namespace lenet::cuda {
namespace {

using Dims = OperationGraph::Dims;

constexpr int64_t kAlignment = 16;
constexpr int64_t kBiasAlignment = sizeof(float);

struct ConvShape {
  const char* name;
  int64_t in_channels, out_channels, in_size, out_size, padding;

  Dims x(int64_t n) const { return {n, in_channels, in_size, in_size}; }
  Dims w() const { return {out_channels, in_channels, 5, 5}; }
  Dims b() const { return {1, out_channels, 1, 1}; }
  Dims y(int64_t n) const { return {n, out_channels, out_size, out_size}; }
  Dims pooled(int64_t n) const { return {n, out_channels, out_size / 2, out_size / 2}; }
};

const ConvShape& shape_of(ConvLayer layer) {
  static constexpr ConvShape kConv1{"conv1", 1, kConv1Channels, kImageSize, kImageSize, 2};
  static constexpr ConvShape kConv2{"conv2", kConv1Channels, kConv2Channels, kImageSize / 2, 10, 0};
  return layer == ConvLayer::CONV1 ? kConv1 : kConv2;
}

cudnnPointwiseMode_t mode_of(Activation activation) {
  switch (activation) {
    case Activation::SIGMOID:
      return CUDNN_POINTWISE_SIGMOID_FWD;
    case Activation::TANH:
      return CUDNN_POINTWISE_TANH_FWD;
    case Activation::RELU:
      return CUDNN_POINTWISE_RELU_FWD;
  }
  throw Error("unknown activation");
}

const char* name_of(Activation activation) {
  constexpr const char* kNames[] = {"sigmoid", "tanh", "relu"};
  return kNames[static_cast<int>(activation)];
}

bool is_aligned(const void* pointer, int64_t alignment) {
  return reinterpret_cast<uintptr_t>(pointer) % static_cast<uintptr_t>(alignment) == 0;
}

}  // namespace

PlanTarget PlanTarget::handle(cudnnHandle_t handle) {
  PlanTarget target;
  target.handle_ = handle;
  return target;
}

PlanTarget PlanTarget::device_properties(const std::string& json) {
  Descriptor properties(CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR);
  properties.set(CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION, json);
  properties.finalize();
  PlanTarget target;
  target.properties_ = std::make_shared<const Descriptor>(std::move(properties));
  return target;
}

struct Plan::Impl {
  Impl(const PlanTarget& target, std::string operation_name, OperationGraph operations,
       const PlanOptions& options)
      : name(std::move(operation_name)),
        executable(target.live() != nullptr),
        parts(std::move(operations)),
        graph(parts.finish(target.live())),
        engine(choose_engine(target, graph, options, name)) {}

  // Keeps the pointers for the calls to come.
  void bind(const void* const* pointers, void* workspace);
  bool is_bound(const void* const* pointers, void* workspace) const;

  std::string name;
  bool executable;
  OperationGraph parts;
  Descriptor graph;
  ChosenEngine engine;

  std::vector<void*> bound_pointers;
  void* bound_workspace = nullptr;
  std::unique_ptr<Descriptor> variant_pack;
};

bool Plan::Impl::is_bound(const void* const* pointers, void* workspace) const {
  return variant_pack != nullptr && workspace == bound_workspace &&
         std::equal(bound_pointers.begin(), bound_pointers.end(), pointers);
}

void Plan::Impl::bind(const void* const* pointers, void* workspace) {
  variant_pack.reset();
  bound_pointers.clear();
  std::vector<int64_t> ids;
  for (const OperationGraph::Memory& memory : parts.memories()) {
    const void* pointer = pointers[ids.size()];
    // cuDNN believes the promised alignment; a false promise would be a fault on the device, which
    // ends every further use of it by this process.
    if (pointer == nullptr || !is_aligned(pointer, memory.alignment)) {
      throw Error("pointer " + std::to_string(ids.size()) + " of " + name + " must be aligned to " +
                  std::to_string(memory.alignment) + " bytes and not null");
    }
    ids.push_back(memory.id);
    // The variant pack does not distinguish what is read from what is written.
    bound_pointers.push_back(const_cast<void*>(pointer));
  }
  if (engine.workspace_bytes > 0 && (workspace == nullptr || !is_aligned(workspace, kAlignment))) {
    throw Error(name + " needs a workspace aligned to " + std::to_string(kAlignment) + " bytes");
  }
  auto pack = std::make_unique<Descriptor>(CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR);
  pack->set(CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, ids)
      .set(CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, bound_pointers)
      .set(CUDNN_ATTR_VARIANT_PACK_WORKSPACE, workspace);
  pack->finalize();
  bound_workspace = workspace;
  variant_pack = std::move(pack);
}

Plan::Plan(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Plan::Plan(Plan&&) noexcept = default;
Plan::~Plan() = default;

size_t Plan::workspace_bytes() const { return impl_->engine.workspace_bytes; }

const std::string& Plan::engine_name() const { return impl_->engine.name; }

void Plan::execute(cudnnHandle_t handle, const void* const* pointers, void* workspace) {
  if (!impl_->executable) {
    throw Error(impl_->name + " was planned for a device that is only described");
  }
  if (!impl_->is_bound(pointers, workspace)) impl_->bind(pointers, workspace);
  cudnnStatus_t status =
      cudnnBackendExecute(handle, impl_->engine.plan.ref().raw, impl_->variant_pack->ref().raw);
  if (status != CUDNN_STATUS_SUCCESS) {
    throw_failed(status, {("cudnnBackendExecute(" + impl_->name + ")").c_str()});
  }
}

namespace {

std::string name_of(const ConvShape& shape, const char* operation, int batch) {
  return std::string(shape.name) + " " + operation + " for a batch of " + std::to_string(batch);
}

Plan make_plan(const PlanTarget& target, std::string name, OperationGraph graph,
               const PlanOptions& options) {
  return Plan(std::make_unique<Plan::Impl>(target, std::move(name), std::move(graph), options));
}

// activation: null for none
Plan conv_forward(const PlanTarget& target, ConvLayer layer, int batch,
                  const Activation* activation, const PlanOptions& options) {
  const ConvShape& shape = shape_of(layer);
  OperationGraph graph;
  auto x = graph.memory(shape.x(batch), kAlignment);
  auto w = graph.memory(shape.w(), kAlignment);
  auto b = graph.memory(shape.b(), kBiasAlignment);
  auto y = graph.memory(shape.y(batch), kAlignment);
  auto product = graph.between(shape.y(batch));
  auto sum = activation == nullptr ? y : graph.between(shape.y(batch));
  graph.convolution_forward(graph.convolution(shape.padding), x, w, product);
  graph.add_bias(product, b, sum);
  std::string operation = "convolution + bias";
  if (activation != nullptr) {
    graph.activation(mode_of(*activation), sum, y);
    operation += std::string(" + ") + name_of(*activation);
  }
  return make_plan(target, name_of(shape, operation.c_str(), batch), std::move(graph), options);
}

}  // namespace

Plan conv_bias_activation_forward(const PlanTarget& target, ConvLayer layer, int batch,
                                  Activation activation, const PlanOptions& options) {
  return conv_forward(target, layer, batch, &activation, options);
}

Plan conv_bias_forward(const PlanTarget& target, ConvLayer layer, int batch,
                       const PlanOptions& options) {
  return conv_forward(target, layer, batch, nullptr, options);
}

Plan conv_backward_data(const PlanTarget& target, ConvLayer layer, int batch,
                        const PlanOptions& options) {
  const ConvShape& shape = shape_of(layer);
  OperationGraph graph;
  auto dy = graph.memory(shape.y(batch), kAlignment);
  auto w = graph.memory(shape.w(), kAlignment);
  auto dx = graph.memory(shape.x(batch), kAlignment);
  graph.convolution_backward_data(graph.convolution(shape.padding), dy, w, dx);
  return make_plan(target, name_of(shape, "input gradient", batch), std::move(graph), options);
}

Plan conv_backward_filter(const PlanTarget& target, ConvLayer layer, int batch,
                          const PlanOptions& options) {
  const ConvShape& shape = shape_of(layer);
  OperationGraph graph;
  auto x = graph.memory(shape.x(batch), kAlignment);
  auto dy = graph.memory(shape.y(batch), kAlignment);
  auto dw = graph.memory(shape.w(), kAlignment);
  graph.convolution_backward_filter(graph.convolution(shape.padding), x, dy, dw);
  return make_plan(target, name_of(shape, "weight gradient", batch), std::move(graph), options);
}

Plan pool_forward(const PlanTarget& target, ConvLayer layer, int batch, Pooling pooling,
                  const PlanOptions& options) {
  const ConvShape& shape = shape_of(layer);
  bool max = pooling == Pooling::MAX;
  OperationGraph graph;
  auto x = graph.memory(shape.y(batch), kAlignment);
  auto y = graph.memory(shape.pooled(batch), kAlignment);
  auto mode = max ? CUDNN_RESAMPLE_MAXPOOL : CUDNN_RESAMPLE_AVGPOOL_INCLUDE_PADDING;
  graph.pooling_forward(graph.pooling(mode), x, y);
  return make_plan(target, name_of(shape, max ? "max pooling" : "average pooling", batch),
                   std::move(graph), options);
}

}  // namespace lenet::cuda
