// An owned descriptor of cuDNN's graph ("backend") API whose attributes take their type tags from
// the C++ types of their values.
#pragma once

#include <cudnn_graph.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace lenet::cuda {

// A descriptor that somebody else owns. (cudnnBackendDescriptor_t is void*, as is device memory.)
struct DescriptorRef {
  cudnnBackendDescriptor_t raw;
};

namespace detail {

template <class Value>
struct AttributeType;

#define LENET_ATTRIBUTE_TYPE(Value, tag)                      \
  template <>                                                 \
  struct AttributeType<Value> {                               \
    static constexpr cudnnBackendAttributeType_t kType = tag; \
  };
LENET_ATTRIBUTE_TYPE(int64_t, CUDNN_TYPE_INT64)
LENET_ATTRIBUTE_TYPE(float, CUDNN_TYPE_FLOAT)
LENET_ATTRIBUTE_TYPE(bool, CUDNN_TYPE_BOOLEAN)
LENET_ATTRIBUTE_TYPE(void*, CUDNN_TYPE_VOID_PTR)
LENET_ATTRIBUTE_TYPE(cudnnHandle_t, CUDNN_TYPE_HANDLE)
LENET_ATTRIBUTE_TYPE(DescriptorRef, CUDNN_TYPE_BACKEND_DESCRIPTOR)
LENET_ATTRIBUTE_TYPE(cudnnDataType_t, CUDNN_TYPE_DATA_TYPE)
LENET_ATTRIBUTE_TYPE(cudnnConvolutionMode_t, CUDNN_TYPE_CONVOLUTION_MODE)
LENET_ATTRIBUTE_TYPE(cudnnPointwiseMode_t, CUDNN_TYPE_POINTWISE_MODE)
LENET_ATTRIBUTE_TYPE(cudnnResampleMode_t, CUDNN_TYPE_RESAMPLE_MODE)
LENET_ATTRIBUTE_TYPE(cudnnNanPropagation_t, CUDNN_TYPE_NAN_PROPOGATION)
LENET_ATTRIBUTE_TYPE(cudnnPaddingMode_t, CUDNN_TYPE_PADDING_MODE)
LENET_ATTRIBUTE_TYPE(cudnnBackendHeurMode_t, CUDNN_TYPE_HEUR_MODE)
LENET_ATTRIBUTE_TYPE(cudnnBackendNumericalNote_t, CUDNN_TYPE_NUMERICAL_NOTE)
LENET_ATTRIBUTE_TYPE(cudnnBackendBehaviorNote_t, CUDNN_TYPE_BEHAVIOR_NOTE)
LENET_ATTRIBUTE_TYPE(cudnnBackendKnobType_t, CUDNN_TYPE_KNOB_TYPE)
#undef LENET_ATTRIBUTE_TYPE

}  // namespace detail

class Descriptor {
 public:
  explicit Descriptor(cudnnBackendDescriptorType_t type);
  Descriptor(Descriptor&& other) noexcept
      : type_(other.type_), descriptor_(std::exchange(other.descriptor_, nullptr)) {}
  ~Descriptor();

  DescriptorRef ref() const { return {descriptor_}; }

  // value: one of the types above, a std::vector of one, a Descriptor, or a std::string.
  // Returns the descriptor, so that one can be described in one expression.
  template <class Value>
  Descriptor& set(cudnnBackendAttributeName_t name, const Value& value) & {
    assign(name, value);
    return *this;
  }
  template <class Value>
  Descriptor&& set(cudnnBackendAttributeName_t name, const Value& value) && {
    assign(name, value);
    return std::move(*this);
  }

  // After this nothing can be set any more.
  void finalize();
  // The same where cuDNN may well refuse.
  cudnnStatus_t try_finalize();

  template <class Value>
  Value get(cudnnBackendAttributeName_t name) const {
    Value value{};
    get_raw(name, detail::AttributeType<Value>::kType, 1, &value);
    return value;
  }
  // All values, of which there may be none.
  template <class Value>
  std::vector<Value> get_all(cudnnBackendAttributeName_t name) const {
    constexpr auto kType = detail::AttributeType<Value>::kType;
    std::vector<Value> values(static_cast<size_t>(get_raw(name, kType, 0, nullptr)));
    if (!values.empty()) {
      int64_t found = get_raw(name, kType, static_cast<int64_t>(values.size()), values.data());
      values.resize(static_cast<size_t>(found));
    }
    return values;
  }
  // The same for an attribute that holds descriptors of a type.
  std::vector<Descriptor> get_all(cudnnBackendAttributeName_t name,
                                  cudnnBackendDescriptorType_t type) const;

 private:
  template <class Value>
  void assign(cudnnBackendAttributeName_t name, const Value& value) {
    set_raw(name, detail::AttributeType<Value>::kType, 1, &value);
  }
  template <class Value>
  void assign(cudnnBackendAttributeName_t name, const std::vector<Value>& values) {
    set_raw(name, detail::AttributeType<Value>::kType, static_cast<int64_t>(values.size()),
            values.data());
  }
  void assign(cudnnBackendAttributeName_t name, const Descriptor& value) {
    assign(name, value.ref());
  }
  void assign(cudnnBackendAttributeName_t name, const std::string& text) {
    set_raw(name, CUDNN_TYPE_CHAR, static_cast<int64_t>(text.size()), text.data());
  }

  void set_raw(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type, int64_t count,
               const void* values);
  int64_t get_raw(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type,
                  int64_t capacity, void* values) const;

  cudnnBackendDescriptorType_t type_;
  cudnnBackendDescriptor_t descriptor_ = nullptr;
};

// Descriptors that belong together. They are destroyed last made first, since cuDNN does not
// promise that one outlives those that it was made of.
class DescriptorList {
 public:
  DescriptorList() = default;
  DescriptorList(DescriptorList&&) = default;
  DescriptorList& operator=(DescriptorList&&) = delete;
  ~DescriptorList() {
    while (!descriptors_.empty()) descriptors_.pop_back();
  }

  DescriptorRef add(Descriptor descriptor) {
    return descriptors_.emplace_back(std::move(descriptor)).ref();
  }

 private:
  std::vector<Descriptor> descriptors_;
};

}  // namespace lenet::cuda
