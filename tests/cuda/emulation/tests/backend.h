// Short forms of cuDNN's backend calls, for tests.
#pragma once

#include <cudnn_graph.h>

#include <cstdint>
#include <vector>

namespace lenet::emulation::test {

using Dims = std::vector<int64_t>;

template <class Value>
struct TypeOf;
#define TYPE_OF(Value, tag)                                  \
  template <>                                                \
  struct TypeOf<Value> {                                     \
    static constexpr cudnnBackendAttributeType_t kTag = tag; \
  };
TYPE_OF(int64_t, CUDNN_TYPE_INT64)
TYPE_OF(float, CUDNN_TYPE_FLOAT)
TYPE_OF(bool, CUDNN_TYPE_BOOLEAN)
TYPE_OF(cudnnHandle_t, CUDNN_TYPE_HANDLE)
TYPE_OF(cudnnDataType_t, CUDNN_TYPE_DATA_TYPE)
TYPE_OF(cudnnConvolutionMode_t, CUDNN_TYPE_CONVOLUTION_MODE)
TYPE_OF(cudnnPointwiseMode_t, CUDNN_TYPE_POINTWISE_MODE)
TYPE_OF(cudnnResampleMode_t, CUDNN_TYPE_RESAMPLE_MODE)
TYPE_OF(cudnnNanPropagation_t, CUDNN_TYPE_NAN_PROPOGATION)
TYPE_OF(cudnnPaddingMode_t, CUDNN_TYPE_PADDING_MODE)
TYPE_OF(cudnnBackendHeurMode_t, CUDNN_TYPE_HEUR_MODE)
#undef TYPE_OF

// A descriptor, destroyed with it; the last status of a call is kept.
class Backend {
 public:
  explicit Backend(cudnnBackendDescriptorType_t type) {
    status_ = cudnnBackendCreateDescriptor(type, &raw_);
  }
  Backend(Backend&& other) noexcept : raw_(other.raw_), status_(other.status_) {
    other.raw_ = nullptr;
  }
  ~Backend() {
    if (raw_ != nullptr) cudnnBackendDestroyDescriptor(raw_);
  }

  cudnnBackendDescriptor_t raw() const { return raw_; }
  cudnnStatus_t status() const { return status_; }

  template <class Value>
  Backend&& set(cudnnBackendAttributeName_t name, const std::vector<Value>& values) {
    return set_raw(name, TypeOf<Value>::kTag, static_cast<int64_t>(values.size()), values.data());
  }
  template <class Value>
  Backend&& set(cudnnBackendAttributeName_t name, Value value) {
    return set_raw(name, TypeOf<Value>::kTag, 1, &value);
  }
  Backend&& set(cudnnBackendAttributeName_t name, const Backend& child) {
    return set_raw(name, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &child.raw_);
  }
  Backend&& set_raw(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type,
                    int64_t count, const void* values) {
    status_ = cudnnBackendSetAttribute(raw_, name, type, count, values);
    return static_cast<Backend&&>(*this);
  }
  Backend&& finalize() {
    status_ = cudnnBackendFinalize(raw_);
    return static_cast<Backend&&>(*this);
  }

 private:
  cudnnBackendDescriptor_t raw_ = nullptr;
  cudnnStatus_t status_;
};

inline Dims packed_strides(const Dims& dims) {
  Dims strides(dims.size(), 1);
  for (size_t i = dims.size() - 1; i-- > 0;) strides[i] = strides[i + 1] * dims[i + 1];
  return strides;
}

// Not finalised.
inline Backend raw_tensor(int64_t id, const Dims& dims, bool is_virtual = false) {
  return Backend(CUDNN_BACKEND_TENSOR_DESCRIPTOR)
      .set(CUDNN_ATTR_TENSOR_UNIQUE_ID, id)
      .set(CUDNN_ATTR_TENSOR_DATA_TYPE, CUDNN_DATA_FLOAT)
      .set(CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, int64_t{16})
      .set(CUDNN_ATTR_TENSOR_DIMENSIONS, dims)
      .set(CUDNN_ATTR_TENSOR_STRIDES, packed_strides(dims))
      .set(CUDNN_ATTR_TENSOR_IS_VIRTUAL, is_virtual);
}

inline Backend tensor(int64_t id, const Dims& dims, bool is_virtual = false) {
  return raw_tensor(id, dims, is_virtual).finalize();
}

struct ConvolutionSettings {
  cudnnConvolutionMode_t mode = CUDNN_CROSS_CORRELATION;
  Dims pre{0, 0}, post{0, 0}, stride{1, 1}, dilation{1, 1};
};

inline Backend raw_convolution(const ConvolutionSettings& settings) {
  return Backend(CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR)
      .set(CUDNN_ATTR_CONVOLUTION_COMP_TYPE, CUDNN_DATA_FLOAT)
      .set(CUDNN_ATTR_CONVOLUTION_CONV_MODE, settings.mode)
      .set(CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, int64_t{2})
      .set(CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, settings.pre)
      .set(CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, settings.post)
      .set(CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, settings.stride)
      .set(CUDNN_ATTR_CONVOLUTION_DILATIONS, settings.dilation);
}

inline Backend raw_forward(const Backend& convolution, const Backend& x, const Backend& w,
                           const Backend& y, float alpha = 1, float beta = 0) {
  return Backend(CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR)
      .set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC, convolution)
      .set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X, x)
      .set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W, w)
      .set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y, y)
      .set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA, alpha)
      .set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA, beta);
}

inline Backend raw_variant_pack(const Dims& ids, const std::vector<void*>& pointers,
                                void* workspace) {
  return Backend(CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR)
      .set(CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, ids)
      .set_raw(CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, CUDNN_TYPE_VOID_PTR,
               static_cast<int64_t>(pointers.size()), pointers.data())
      .set_raw(CUDNN_ATTR_VARIANT_PACK_WORKSPACE, CUDNN_TYPE_VOID_PTR, 1, &workspace);
}

}  // namespace lenet::emulation::test
