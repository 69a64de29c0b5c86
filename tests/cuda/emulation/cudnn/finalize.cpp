// What finalising a descriptor checks and computes.
#include <algorithm>
#include <cstdlib>
#include <set>

#include "cudnn/descriptor.h"
#include "cudnn/engines.h"
#include "cudnn/handle.h"

namespace lenet::emulation {
namespace {

void require(bool condition, const std::string& reason,
             cudnnStatus_t status = CUDNN_STATUS_BAD_PARAM) {
  if (!condition) throw Refusal{status, reason};
}

void require_float(const State& state, cudnnBackendAttributeName_t name) {
  require(state.get<cudnnDataType_t>(name, CUDNN_DATA_FLOAT) == CUDNN_DATA_FLOAT,
          "the emulation computes in float32 only", CUDNN_STATUS_NOT_SUPPORTED_DATA_TYPE);
}

Tensor make_tensor(const State& s) {
  Tensor tensor;
  tensor.id = s.get<int64_t>(CUDNN_ATTR_TENSOR_UNIQUE_ID);
  tensor.dims = s.get_all<int64_t>(CUDNN_ATTR_TENSOR_DIMENSIONS);
  tensor.strides = s.get_all<int64_t>(CUDNN_ATTR_TENSOR_STRIDES);
  tensor.alignment = s.get<int64_t>(CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT);
  tensor.is_virtual = s.get<bool>(CUDNN_ATTR_TENSOR_IS_VIRTUAL);
  require_float(s, CUDNN_ATTR_TENSOR_DATA_TYPE);
  require(tensor.dims.size() == tensor.strides.size(), "as many strides as dimensions are needed");
  auto positive = [](int64_t value) { return value > 0; };
  require(std::all_of(tensor.dims.begin(), tensor.dims.end(), positive) &&
              std::all_of(tensor.strides.begin(), tensor.strides.end(), positive),
          "dimensions and strides must be positive");
  require(tensor.alignment > 0 && tensor.alignment % static_cast<int64_t>(sizeof(float)) == 0,
          "the alignment must be a multiple of the element size");
  return tensor;
}

// A pair of values for height and width, each at least `least`.
Pair pair_of(const State& s, cudnnBackendAttributeName_t name, int64_t least) {
  std::vector<int64_t> values = s.get_all<int64_t>(name);
  require(values.size() == 2, "as many values as spatial dimensions are needed");
  require(values[0] >= least && values[1] >= least, "a value is too small");
  return {values[0], values[1]};
}

void require_two_dimensions(const State& s, cudnnBackendAttributeName_t name) {
  require(s.get<int64_t>(name) == 2, "the emulation has two spatial dimensions only",
          CUDNN_STATUS_NOT_SUPPORTED);
}

Convolution make_convolution(const State& s) {
  require_float(s, CUDNN_ATTR_CONVOLUTION_COMP_TYPE);
  require_two_dimensions(s, CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS);
  Convolution convolution;
  auto mode = s.get<cudnnConvolutionMode_t>(CUDNN_ATTR_CONVOLUTION_CONV_MODE);
  require(mode == CUDNN_CONVOLUTION || mode == CUDNN_CROSS_CORRELATION, "no such mode");
  convolution.cross_correlation = mode == CUDNN_CROSS_CORRELATION;
  convolution.pre = pair_of(s, CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, 0);
  convolution.post = pair_of(s, CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, 0);
  convolution.stride = pair_of(s, CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, 1);
  convolution.dilation = pair_of(s, CUDNN_ATTR_CONVOLUTION_DILATIONS, 1);
  return convolution;
}

bool takes_two(cudnnPointwiseMode_t mode) { return mode == CUDNN_POINTWISE_ADD; }

Pointwise make_pointwise(const State& s) {
  require_float(s, CUDNN_ATTR_POINTWISE_MATH_PREC);
  Pointwise pointwise;
  pointwise.mode = s.get<cudnnPointwiseMode_t>(CUDNN_ATTR_POINTWISE_MODE);
  pointwise.lower_clip = s.get_real(CUDNN_ATTR_POINTWISE_RELU_LOWER_CLIP, pointwise.lower_clip);
  pointwise.upper_clip = s.get_real(CUDNN_ATTR_POINTWISE_RELU_UPPER_CLIP, pointwise.upper_clip);
  pointwise.lower_slope =
      s.get_real(CUDNN_ATTR_POINTWISE_RELU_LOWER_CLIP_SLOPE, pointwise.lower_slope);
  pointwise.propagates_nan =
      s.get<cudnnNanPropagation_t>(CUDNN_ATTR_POINTWISE_NAN_PROPAGATION, CUDNN_NOT_PROPAGATE_NAN) ==
      CUDNN_PROPAGATE_NAN;
  require(takes_two(pointwise.mode) || pointwise.mode == CUDNN_POINTWISE_SIGMOID_FWD ||
              pointwise.mode == CUDNN_POINTWISE_TANH_FWD ||
              pointwise.mode == CUDNN_POINTWISE_RELU_FWD,
          "the emulation has no such mode", CUDNN_STATUS_NOT_SUPPORTED);
  return pointwise;
}

Pooling make_pooling(const State& s) {
  require_float(s, CUDNN_ATTR_RESAMPLE_COMP_TYPE);
  require_two_dimensions(s, CUDNN_ATTR_RESAMPLE_SPATIAL_DIMS);
  Pooling pooling;
  pooling.mode = s.get<cudnnResampleMode_t>(CUDNN_ATTR_RESAMPLE_MODE, CUDNN_RESAMPLE_NEAREST);
  require(pooling.mode == CUDNN_RESAMPLE_MAXPOOL ||
              pooling.mode == CUDNN_RESAMPLE_AVGPOOL_INCLUDE_PADDING ||
              pooling.mode == CUDNN_RESAMPLE_AVGPOOL_EXCLUDE_PADDING,
          "the emulation has no such mode", CUDNN_STATUS_NOT_SUPPORTED);
  pooling.propagates_nan =
      s.get<cudnnNanPropagation_t>(CUDNN_ATTR_RESAMPLE_NAN_PROPAGATION, CUDNN_NOT_PROPAGATE_NAN) ==
      CUDNN_PROPAGATE_NAN;
  pooling.padding = s.get<cudnnPaddingMode_t>(CUDNN_ATTR_RESAMPLE_PADDING_MODE, CUDNN_ZERO_PAD);
  require(pooling.padding != CUDNN_EDGE_VAL_PAD, "the emulation does not repeat edges",
          CUDNN_STATUS_NOT_SUPPORTED);
  pooling.window = pair_of(s, CUDNN_ATTR_RESAMPLE_WINDOW_DIMS, 1);
  pooling.stride = pair_of(s, CUDNN_ATTR_RESAMPLE_STRIDES, 1);
  pooling.pre = pair_of(s, CUDNN_ATTR_RESAMPLE_PRE_PADDINGS, 0);
  pooling.post = pair_of(s, CUDNN_ATTR_RESAMPLE_POST_PADDINGS, 0);
  return pooling;
}

void require_four_dimensions(const Node& node) {
  bool all = node.output.dims.size() == 4;
  for (const Tensor& input : node.inputs) all &= input.dims.size() == 4;
  require(all, "the tensors must have four dimensions");
}

// x [N][C][H][W], w [K][C][R][S], y [N][K][P][Q]
void check_convolution(const Convolution& c, const Tensor& x, const Tensor& w, const Tensor& y) {
  require(x.dims[0] == y.dims[0], "x and y differ in the number of images");
  require(x.dims[1] == w.dims[1], "x and w differ in the number of channels");
  require(w.dims[0] == y.dims[1], "w and y differ in the number of channels");
  for (size_t i = 0; i < 2; i++) {
    int64_t reach = (w.dims[i + 2] - 1) * c.dilation[i] + 1;
    int64_t room = x.dims[i + 2] + c.pre[i] + c.post[i] - reach;
    require(room >= 0 && y.dims[i + 2] == room / c.stride[i] + 1,
            "y has not the size that x, w and the padding give");
  }
}

void check_pooling(const Pooling& p, const Tensor& x, const Tensor& y) {
  require(x.dims[0] == y.dims[0] && x.dims[1] == y.dims[1], "x and y differ in images or channels");
  for (size_t i = 0; i < 2; i++) {
    int64_t room = x.dims[i + 2] + p.pre[i] + p.post[i] - p.window[i];
    require(room >= 0 && y.dims[i + 2] == room / p.stride[i] + 1,
            "y has not the size that x and the window give");
    require(p.pre[i] < p.window[i] && p.post[i] < p.window[i], "a window lies in the padding");
  }
}

Node make_convolution_forward(const State& s) {
  Node node{NodeKind::kConvolutionForward,
            s.child<Convolution>(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC),
            {s.child<Tensor>(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X),
             s.child<Tensor>(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W)},
            s.child<Tensor>(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y),
            s.get_real(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA, 1),
            s.get_real(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA, 0)};
  require_four_dimensions(node);
  check_convolution(std::get<Convolution>(node.settings), node.inputs[0], node.inputs[1],
                    node.output);
  return node;
}

Node make_convolution_backward_data(const State& s) {
  Node node{NodeKind::kConvolutionBackwardData,
            s.child<Convolution>(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC),
            {s.child<Tensor>(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY),
             s.child<Tensor>(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W)},
            s.child<Tensor>(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX),
            s.get_real(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA, 1),
            s.get_real(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA, 0)};
  require_four_dimensions(node);
  check_convolution(std::get<Convolution>(node.settings), node.output, node.inputs[1],
                    node.inputs[0]);
  return node;
}

Node make_convolution_backward_filter(const State& s) {
  Node node{NodeKind::kConvolutionBackwardFilter,
            s.child<Convolution>(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC),
            {s.child<Tensor>(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_X),
             s.child<Tensor>(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DY)},
            s.child<Tensor>(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW),
            s.get_real(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_ALPHA, 1),
            s.get_real(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_BETA, 0)};
  require_four_dimensions(node);
  check_convolution(std::get<Convolution>(node.settings), node.inputs[0], node.output,
                    node.inputs[1]);
  return node;
}

Node make_pointwise_operation(const State& s) {
  Node node{NodeKind::kPointwise,
            s.child<Pointwise>(CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR),
            {s.child<Tensor>(CUDNN_ATTR_OPERATION_POINTWISE_XDESC)},
            s.child<Tensor>(CUDNN_ATTR_OPERATION_POINTWISE_YDESC)};
  bool two = takes_two(std::get<Pointwise>(node.settings).mode);
  require(two == s.has(CUDNN_ATTR_OPERATION_POINTWISE_BDESC),
          two ? "the mode needs b" : "the mode has no b");
  if (two) node.inputs.push_back(s.child<Tensor>(CUDNN_ATTR_OPERATION_POINTWISE_BDESC));
  require_four_dimensions(node);
  for (size_t i = 0; i < 4; i++) {
    require(node.inputs[0].dims[i] == node.output.dims[i], "x and y differ in their dimensions");
    require(!two || node.inputs[1].dims[i] == 1 || node.inputs[1].dims[i] == node.output.dims[i],
            "b cannot be broadcast to y");
  }
  return node;
}

Node make_pooling_forward(const State& s) {
  Node node{NodeKind::kPoolingForward,
            s.child<Pooling>(CUDNN_ATTR_OPERATION_RESAMPLE_FWD_DESC),
            {s.child<Tensor>(CUDNN_ATTR_OPERATION_RESAMPLE_FWD_XDESC)},
            s.child<Tensor>(CUDNN_ATTR_OPERATION_RESAMPLE_FWD_YDESC)};
  require_four_dimensions(node);
  check_pooling(std::get<Pooling>(node.settings), node.inputs[0], node.output);
  return node;
}

Node make_pooling_backward(const State& s) {
  Node node{NodeKind::kPoolingBackward,
            s.child<Pooling>(CUDNN_ATTR_OPERATION_RESAMPLE_BWD_DESC),
            {s.child<Tensor>(CUDNN_ATTR_OPERATION_RESAMPLE_BWD_DYDESC)},
            s.child<Tensor>(CUDNN_ATTR_OPERATION_RESAMPLE_BWD_DXDESC)};
  // Documented as required with this layout, the only one here.
  require(s.has(CUDNN_ATTR_OPERATION_RESAMPLE_BWD_XDESC) &&
              s.has(CUDNN_ATTR_OPERATION_RESAMPLE_BWD_YDESC),
          "x and y are required with NCHW");
  node.inputs.push_back(s.child<Tensor>(CUDNN_ATTR_OPERATION_RESAMPLE_BWD_XDESC));
  node.inputs.push_back(s.child<Tensor>(CUDNN_ATTR_OPERATION_RESAMPLE_BWD_YDESC));
  require_four_dimensions(node);
  check_pooling(std::get<Pooling>(node.settings), node.output, node.inputs[0]);
  require(node.inputs[1].dims == node.output.dims && node.inputs[2].dims == node.inputs[0].dims,
          "x and y must have the dimensions of dx and dy");
  return node;
}

int device_of_handle(const State& s, cudnnBackendAttributeName_t name) {
  CudnnHandle* handle = find_handle(s.get<cudnnHandle_t>(name));
  require(handle != nullptr, "not a live cuDNN handle");
  return handle->device;
}

// Sorts the nodes by what they need of each other and checks what holds between them.
Graph make_graph(const State& s) {
  Graph graph;
  graph.device = device_of_handle(s, CUDNN_ATTR_OPERATIONGRAPH_HANDLE);
  std::vector<Node> rest;
  std::set<int64_t> produced, made;
  for (const auto& child : s.find(CUDNN_ATTR_OPERATIONGRAPH_OPS)->children) {
    const Node* node = std::get_if<Node>(&child->model);
    require(node != nullptr, std::string(child->schema->name) + " is no operation",
            CUDNN_STATUS_BAD_PARAM_DESCRIPTOR_TYPE);
    rest.push_back(*node);
    require(produced.insert(node->output.id).second, "two operations write one tensor",
            CUDNN_STATUS_BAD_PARAM_DUPLICATED_ENTRIES);
  }
  std::map<int64_t, Tensor> tensors;
  auto consistent = [&](const Tensor& tensor) {
    const Tensor& first = tensors.emplace(tensor.id, tensor).first->second;
    require(first.dims == tensor.dims && first.strides == tensor.strides &&
                first.is_virtual == tensor.is_virtual,
            "two tensors share the id " + std::to_string(tensor.id),
            CUDNN_STATUS_BAD_PARAM_DUPLICATED_ENTRIES);
  };
  auto is_ready = [&](const Node& node) {
    return std::all_of(node.inputs.begin(), node.inputs.end(), [&](const Tensor& input) {
      return produced.count(input.id) == 0 || made.count(input.id) > 0;
    });
  };
  while (!rest.empty()) {
    auto next = std::find_if(rest.begin(), rest.end(), is_ready);
    require(next != rest.end(), "the operations need each other in a circle");
    for (const Tensor& input : next->inputs) {
      consistent(input);
      require(!input.is_virtual || produced.count(input.id) > 0,
              "nothing computes the virtual tensor " + std::to_string(input.id));
    }
    consistent(next->output);
    made.insert(next->output.id);
    graph.nodes.push_back(*next);
    rest.erase(next);
  }
  return graph;
}

template <class Value>
std::shared_ptr<State> finalized_state(cudnnBackendDescriptorType_t type, Value model) {
  auto state = std::make_shared<State>();
  state->schema = find_schema(type);
  state->finalized = true;
  state->model = std::move(model);
  return state;
}

std::shared_ptr<const State> config_of(const Engine& engine) {
  auto state = finalized_state(CUDNN_BACKEND_ENGINE_DESCRIPTOR, engine);
  state->put<int64_t>(CUDNN_ATTR_ENGINE_GLOBAL_INDEX, CUDNN_TYPE_INT64, {engine.index});
  state->put(CUDNN_ATTR_ENGINE_NUMERICAL_NOTE, CUDNN_TYPE_NUMERICAL_NOTE, engine.numerical_notes);
  state->put(CUDNN_ATTR_ENGINE_BEHAVIOR_NOTE, CUDNN_TYPE_BEHAVIOR_NOTE, engine.behavior_notes);
  auto knob = finalized_state(CUDNN_BACKEND_KNOB_CHOICE_DESCRIPTOR, std::monostate());
  knob->put<cudnnBackendKnobType_t>(CUDNN_ATTR_KNOB_CHOICE_KNOB_TYPE, CUDNN_TYPE_KNOB_TYPE,
                                    {CUDNN_KNOB_TYPE_TILE_SIZE});
  knob->put<int64_t>(CUDNN_ATTR_KNOB_CHOICE_KNOB_VALUE, CUDNN_TYPE_INT64, {1});
  auto config = finalized_state(CUDNN_BACKEND_ENGINECFG_DESCRIPTOR, engine);
  config->put_children(CUDNN_ATTR_ENGINECFG_ENGINE, {state});
  config->put_children(CUDNN_ATTR_ENGINECFG_KNOB_CHOICES, {knob});
  return config;
}

void ask_heuristics(State* s) {
  auto mode = s->get<cudnnBackendHeurMode_t>(CUDNN_ATTR_ENGINEHEUR_MODE);
  const Graph& graph = s->child<Graph>(CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH);
  std::vector<std::shared_ptr<const State>> configs;
  for (const Engine& engine : engines_for(graph, mode)) configs.push_back(config_of(engine));
  s->put_children(CUDNN_ATTR_ENGINEHEUR_RESULTS, std::move(configs));
}

Plan make_plan(State* s) {
  Plan plan{s->child<Engine>(CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG)};
  require(device_of_handle(*s, CUDNN_ATTR_EXECUTION_PLAN_HANDLE) == plan.engine.graph.device,
          "the handle and the graph belong to different devices");
  require(!plan.engine.compiled_at_run_time || std::getenv("LENET_EMU_NVRTC") != nullptr,
          "there is no run-time compiler", CUDNN_STATUS_NOT_SUPPORTED_RUNTIME_PREREQUISITE_MISSING);
  s->put<int64_t>(CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE, CUDNN_TYPE_INT64,
                  {static_cast<int64_t>(plan.engine.workspace_bytes)});
  return plan;
}

VariantPack make_variant_pack(const State& s) {
  VariantPack pack{s.get_all<int64_t>(CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS),
                   s.get_all<void*>(CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS),
                   s.get<void*>(CUDNN_ATTR_VARIANT_PACK_WORKSPACE)};
  require(pack.ids.size() == pack.pointers.size(), "as many pointers as ids are needed");
  require(std::set<int64_t>(pack.ids.begin(), pack.ids.end()).size() == pack.ids.size(),
          "an id appears twice", CUDNN_STATUS_BAD_PARAM_DUPLICATED_ENTRIES);
  require(std::count(pack.pointers.begin(), pack.pointers.end(), nullptr) == 0, "a pointer is null",
          CUDNN_STATUS_BAD_PARAM_NULL_POINTER);
  return pack;
}

}  // namespace

void build_model(State* state) {
  switch (state->schema->type) {
    case CUDNN_BACKEND_TENSOR_DESCRIPTOR:
      state->model = make_tensor(*state);
      break;
    case CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR:
      state->model = make_convolution(*state);
      break;
    case CUDNN_BACKEND_POINTWISE_DESCRIPTOR:
      state->model = make_pointwise(*state);
      break;
    case CUDNN_BACKEND_RESAMPLE_DESCRIPTOR:
      state->model = make_pooling(*state);
      break;
    case CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR:
      state->model = make_convolution_forward(*state);
      break;
    case CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR:
      state->model = make_convolution_backward_data(*state);
      break;
    case CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR:
      state->model = make_convolution_backward_filter(*state);
      break;
    case CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR:
      state->model = make_pointwise_operation(*state);
      break;
    case CUDNN_BACKEND_OPERATION_RESAMPLE_FWD_DESCRIPTOR:
      state->model = make_pooling_forward(*state);
      break;
    case CUDNN_BACKEND_OPERATION_RESAMPLE_BWD_DESCRIPTOR:
      state->model = make_pooling_backward(*state);
      break;
    case CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR:
      state->model = make_graph(*state);
      break;
    case CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR:
      ask_heuristics(state);
      break;
    case CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR:
      state->model = make_plan(state);
      break;
    case CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR:
      state->model = make_variant_pack(*state);
      break;
    default:
      throw Refusal{CUDNN_STATUS_NOT_SUPPORTED, "only heuristics make these"};
  }
}

}  // namespace lenet::emulation
