#include "cudnn/schema.h"

namespace lenet::emulation {
namespace {

constexpr Access kRequired = Access::kRequired;
constexpr Access kOptional = Access::kOptional;
constexpr Access kReadOnly = Access::kReadOnly;
constexpr int64_t kMany = 64;

Field value(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type, Access access) {
  return {name, type, 1, 1, access};
}

Field dims(cudnnBackendAttributeName_t name, int64_t max) {
  return {name, CUDNN_TYPE_INT64, 1, max, kRequired};
}

Field list(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type, Access access) {
  return {name, type, 0, kMany, access};
}

Field child(cudnnBackendAttributeName_t name, cudnnBackendDescriptorType_t type, Access access) {
  return {name, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, 1, access, type};
}

Field tensor(cudnnBackendAttributeName_t name) {
  return child(name, CUDNN_BACKEND_TENSOR_DESCRIPTOR, kRequired);
}

Field optional_tensor(cudnnBackendAttributeName_t name) {
  return child(name, CUDNN_BACKEND_TENSOR_DESCRIPTOR, kOptional);
}

Field convolution(cudnnBackendAttributeName_t name) {
  return child(name, CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR, kRequired);
}

Field resample(cudnnBackendAttributeName_t name) {
  return child(name, CUDNN_BACKEND_RESAMPLE_DESCRIPTOR, kRequired);
}

#define SCHEMA(type) type, #type

const std::vector<Schema>& schemas() {
  static const auto& schemas = *new std::vector<Schema>{
      {SCHEMA(CUDNN_BACKEND_TENSOR_DESCRIPTOR),
       {value(CUDNN_ATTR_TENSOR_UNIQUE_ID, CUDNN_TYPE_INT64, kRequired),
        value(CUDNN_ATTR_TENSOR_DATA_TYPE, CUDNN_TYPE_DATA_TYPE, kRequired),
        value(CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, CUDNN_TYPE_INT64, kRequired),
        dims(CUDNN_ATTR_TENSOR_DIMENSIONS, CUDNN_DIM_MAX),
        dims(CUDNN_ATTR_TENSOR_STRIDES, CUDNN_DIM_MAX),
        value(CUDNN_ATTR_TENSOR_IS_VIRTUAL, CUDNN_TYPE_BOOLEAN, kOptional)}},
      {SCHEMA(CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR),
       {value(CUDNN_ATTR_CONVOLUTION_COMP_TYPE, CUDNN_TYPE_DATA_TYPE, kRequired),
        value(CUDNN_ATTR_CONVOLUTION_CONV_MODE, CUDNN_TYPE_CONVOLUTION_MODE, kRequired),
        value(CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, CUDNN_TYPE_INT64, kRequired),
        dims(CUDNN_ATTR_CONVOLUTION_DILATIONS, CUDNN_DIM_MAX),
        dims(CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, CUDNN_DIM_MAX),
        dims(CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, CUDNN_DIM_MAX),
        dims(CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, CUDNN_DIM_MAX)}},
      {SCHEMA(CUDNN_BACKEND_POINTWISE_DESCRIPTOR),
       {value(CUDNN_ATTR_POINTWISE_MODE, CUDNN_TYPE_POINTWISE_MODE, kRequired),
        value(CUDNN_ATTR_POINTWISE_MATH_PREC, CUDNN_TYPE_DATA_TYPE, kRequired),
        value(CUDNN_ATTR_POINTWISE_NAN_PROPAGATION, CUDNN_TYPE_NAN_PROPOGATION, kOptional),
        value(CUDNN_ATTR_POINTWISE_RELU_LOWER_CLIP, CUDNN_TYPE_FLOAT, kOptional),
        value(CUDNN_ATTR_POINTWISE_RELU_UPPER_CLIP, CUDNN_TYPE_FLOAT, kOptional),
        value(CUDNN_ATTR_POINTWISE_RELU_LOWER_CLIP_SLOPE, CUDNN_TYPE_FLOAT, kOptional)}},
      {SCHEMA(CUDNN_BACKEND_RESAMPLE_DESCRIPTOR),
       {value(CUDNN_ATTR_RESAMPLE_MODE, CUDNN_TYPE_RESAMPLE_MODE, kOptional),
        value(CUDNN_ATTR_RESAMPLE_COMP_TYPE, CUDNN_TYPE_DATA_TYPE, kOptional),
        value(CUDNN_ATTR_RESAMPLE_NAN_PROPAGATION, CUDNN_TYPE_NAN_PROPOGATION, kOptional),
        value(CUDNN_ATTR_RESAMPLE_PADDING_MODE, CUDNN_TYPE_PADDING_MODE, kOptional),
        value(CUDNN_ATTR_RESAMPLE_SPATIAL_DIMS, CUDNN_TYPE_INT64, kRequired),
        dims(CUDNN_ATTR_RESAMPLE_WINDOW_DIMS, CUDNN_DIM_MAX - 2),
        dims(CUDNN_ATTR_RESAMPLE_STRIDES, CUDNN_DIM_MAX - 2),
        dims(CUDNN_ATTR_RESAMPLE_PRE_PADDINGS, CUDNN_DIM_MAX - 2),
        dims(CUDNN_ATTR_RESAMPLE_POST_PADDINGS, CUDNN_DIM_MAX - 2)}},
      {SCHEMA(CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR),
       {convolution(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC),
        tensor(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X),
        tensor(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W),
        tensor(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y),
        value(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA, CUDNN_TYPE_FLOAT, kRequired),
        value(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA, CUDNN_TYPE_FLOAT, kRequired)}},
      {SCHEMA(CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR),
       {convolution(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC),
        tensor(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY),
        tensor(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W),
        tensor(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX),
        value(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA, CUDNN_TYPE_FLOAT, kRequired),
        value(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA, CUDNN_TYPE_FLOAT, kRequired)}},
      {SCHEMA(CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR),
       {convolution(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC),
        tensor(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_X),
        tensor(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DY),
        tensor(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW),
        value(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_ALPHA, CUDNN_TYPE_FLOAT, kRequired),
        value(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_BETA, CUDNN_TYPE_FLOAT, kRequired)}},
      {SCHEMA(CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR),
       {child(CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR, CUDNN_BACKEND_POINTWISE_DESCRIPTOR,
              kRequired),
        tensor(CUDNN_ATTR_OPERATION_POINTWISE_XDESC),
        optional_tensor(CUDNN_ATTR_OPERATION_POINTWISE_BDESC),
        tensor(CUDNN_ATTR_OPERATION_POINTWISE_YDESC)}},
      {SCHEMA(CUDNN_BACKEND_OPERATION_RESAMPLE_FWD_DESCRIPTOR),
       {resample(CUDNN_ATTR_OPERATION_RESAMPLE_FWD_DESC),
        tensor(CUDNN_ATTR_OPERATION_RESAMPLE_FWD_XDESC),
        tensor(CUDNN_ATTR_OPERATION_RESAMPLE_FWD_YDESC)}},
      {SCHEMA(CUDNN_BACKEND_OPERATION_RESAMPLE_BWD_DESCRIPTOR),
       {resample(CUDNN_ATTR_OPERATION_RESAMPLE_BWD_DESC),
        optional_tensor(CUDNN_ATTR_OPERATION_RESAMPLE_BWD_XDESC),
        optional_tensor(CUDNN_ATTR_OPERATION_RESAMPLE_BWD_YDESC),
        tensor(CUDNN_ATTR_OPERATION_RESAMPLE_BWD_DYDESC),
        tensor(CUDNN_ATTR_OPERATION_RESAMPLE_BWD_DXDESC)}},
      {SCHEMA(CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR),
       {value(CUDNN_ATTR_OPERATIONGRAPH_HANDLE, CUDNN_TYPE_HANDLE, kRequired),
        {CUDNN_ATTR_OPERATIONGRAPH_OPS, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, kMany, kRequired}}},
      {SCHEMA(CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR),
       {child(CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR,
              kRequired),
        value(CUDNN_ATTR_ENGINEHEUR_MODE, CUDNN_TYPE_HEUR_MODE, kRequired),
        {CUDNN_ATTR_ENGINEHEUR_RESULTS, CUDNN_TYPE_BACKEND_DESCRIPTOR, 0, kMany, kReadOnly,
         CUDNN_BACKEND_ENGINECFG_DESCRIPTOR}}},
      {SCHEMA(CUDNN_BACKEND_ENGINECFG_DESCRIPTOR),
       {child(CUDNN_ATTR_ENGINECFG_ENGINE, CUDNN_BACKEND_ENGINE_DESCRIPTOR, kReadOnly),
        {CUDNN_ATTR_ENGINECFG_KNOB_CHOICES, CUDNN_TYPE_BACKEND_DESCRIPTOR, 0, kMany, kReadOnly,
         CUDNN_BACKEND_KNOB_CHOICE_DESCRIPTOR}}},
      {SCHEMA(CUDNN_BACKEND_ENGINE_DESCRIPTOR),
       {value(CUDNN_ATTR_ENGINE_GLOBAL_INDEX, CUDNN_TYPE_INT64, kReadOnly),
        list(CUDNN_ATTR_ENGINE_NUMERICAL_NOTE, CUDNN_TYPE_NUMERICAL_NOTE, kReadOnly),
        list(CUDNN_ATTR_ENGINE_BEHAVIOR_NOTE, CUDNN_TYPE_BEHAVIOR_NOTE, kReadOnly)}},
      {SCHEMA(CUDNN_BACKEND_KNOB_CHOICE_DESCRIPTOR),
       {value(CUDNN_ATTR_KNOB_CHOICE_KNOB_TYPE, CUDNN_TYPE_KNOB_TYPE, kReadOnly),
        value(CUDNN_ATTR_KNOB_CHOICE_KNOB_VALUE, CUDNN_TYPE_INT64, kReadOnly)}},
      {SCHEMA(CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR),
       {value(CUDNN_ATTR_EXECUTION_PLAN_HANDLE, CUDNN_TYPE_HANDLE, kRequired),
        child(CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, CUDNN_BACKEND_ENGINECFG_DESCRIPTOR,
              kRequired),
        value(CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE, CUDNN_TYPE_INT64, kReadOnly)}},
      {SCHEMA(CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR),
       {{CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, CUDNN_TYPE_INT64, 1, kMany, kRequired},
        {CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, CUDNN_TYPE_VOID_PTR, 1, kMany, kRequired},
        value(CUDNN_ATTR_VARIANT_PACK_WORKSPACE, CUDNN_TYPE_VOID_PTR, kRequired)}}};
  return schemas;
}

}  // namespace

const Field* Schema::find(cudnnBackendAttributeName_t wanted) const {
  for (const Field& field : fields) {
    if (field.name == wanted) return &field;
  }
  return nullptr;
}

const Schema* find_schema(cudnnBackendDescriptorType_t type) {
  for (const Schema& schema : schemas()) {
    if (schema.type == type) return &schema;
  }
  return nullptr;
}

size_t size_of(cudnnBackendAttributeType_t type) {
  switch (type) {
    case CUDNN_TYPE_BOOLEAN:
      return sizeof(bool);
    case CUDNN_TYPE_INT64:
    case CUDNN_TYPE_DOUBLE:
      return 8;
    case CUDNN_TYPE_FLOAT:
      return 4;
    case CUDNN_TYPE_HANDLE:
    case CUDNN_TYPE_VOID_PTR:
    case CUDNN_TYPE_BACKEND_DESCRIPTOR:
      return sizeof(void*);
    case CUDNN_TYPE_DATA_TYPE:
    case CUDNN_TYPE_CONVOLUTION_MODE:
    case CUDNN_TYPE_HEUR_MODE:
    case CUDNN_TYPE_KNOB_TYPE:
    case CUDNN_TYPE_NAN_PROPOGATION:
    case CUDNN_TYPE_NUMERICAL_NOTE:
    case CUDNN_TYPE_POINTWISE_MODE:
    case CUDNN_TYPE_BEHAVIOR_NOTE:
    case CUDNN_TYPE_RESAMPLE_MODE:
    case CUDNN_TYPE_PADDING_MODE:
      return sizeof(cudnnDataType_t);
    default:
      return 0;
  }
}

}  // namespace lenet::emulation
