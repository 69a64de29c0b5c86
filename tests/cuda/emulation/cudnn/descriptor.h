// Backend descriptors: attributes checked against cuDNN's documentation when they are set, turned
// into a model when the descriptor is finalised, and constant from then on.
#pragma once

#include <cudnn_graph.h>

#include <map>
#include <memory>
#include <vector>

#include "cudnn/model.h"
#include "cudnn/schema.h"

namespace lenet::emulation {

struct State;

struct Attribute {
  cudnnBackendAttributeType_t type;
  int64_t count;
  std::vector<char> bytes;  // of values that are no descriptors
  std::vector<std::shared_ptr<const State>> children;
  std::vector<cudnnBackendDescriptor_t> handles;  // the children's, as they were given
};

// What a descriptor holds; several handles can share a finalised one.
struct State {
  const Schema* schema = nullptr;
  bool finalized = false;
  std::map<cudnnBackendAttributeName_t, Attribute> attributes;
  Model model;

  const Attribute* find(cudnnBackendAttributeName_t name) const;
  // The attribute's only value, or the default.
  template <class Value>
  Value get(cudnnBackendAttributeName_t name, Value otherwise = {}) const {
    const Attribute* attribute = find(name);
    if (attribute == nullptr) return otherwise;
    return *reinterpret_cast<const Value*>(attribute->bytes.data());
  }
  template <class Value>
  std::vector<Value> get_all(cudnnBackendAttributeName_t name) const {
    const Attribute* attribute = find(name);
    if (attribute == nullptr) return {};
    auto first = reinterpret_cast<const Value*>(attribute->bytes.data());
    return std::vector<Value>(first, first + attribute->count);
  }
  // A float or double.
  double get_real(cudnnBackendAttributeName_t name, double otherwise) const;
  template <class M>
  const M& child(cudnnBackendAttributeName_t name) const {
    return std::get<M>(find(name)->children.front()->model);
  }
  bool has(cudnnBackendAttributeName_t name) const { return find(name) != nullptr; }

  // For what finalising computes.
  template <class Value>
  void put(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type,
           const std::vector<Value>& values) {
    auto bytes = reinterpret_cast<const char*>(values.data());
    attributes[name] = {type,
                        static_cast<int64_t>(values.size()),
                        std::vector<char>(bytes, bytes + values.size() * sizeof(Value)),
                        {},
                        {}};
  }
  void put_children(cudnnBackendAttributeName_t name,
                    std::vector<std::shared_ptr<const State>> children);
};

struct Descriptor {
  std::shared_ptr<State> state;
};

cudnnStatus_t create_descriptor(cudnnBackendDescriptorType_t type,
                                cudnnBackendDescriptor_t* handle);
cudnnStatus_t destroy_descriptor(cudnnBackendDescriptor_t handle);
// nullptr, and an explanation, if it is not live.
Descriptor* find_descriptor(cudnnBackendDescriptor_t handle);
cudnnStatus_t set_attribute(Descriptor* descriptor, cudnnBackendAttributeName_t name,
                            cudnnBackendAttributeType_t type, int64_t count, const void* values);
cudnnStatus_t get_attribute(const Descriptor& descriptor, cudnnBackendAttributeName_t name,
                            cudnnBackendAttributeType_t type, int64_t capacity, int64_t* count,
                            void* values);
cudnnStatus_t finalize(Descriptor* descriptor);

// In finalize.cpp: checks the attributes as a whole and makes the model, or throws a Refusal.
void build_model(State* state);

cudnnStatus_t refuse(cudnnStatus_t status, const std::string& reason);

}  // namespace lenet::emulation
