#include "cudnn/descriptor.h"

#include <algorithm>
#include <cstring>

#include "runtime/handles.h"

namespace lenet::emulation {
namespace {

Handles<Descriptor>& descriptors() {
  static auto& handles = *new Handles<Descriptor>("cudnn_descriptors");
  return handles;
}

std::string name_of(const State& state, cudnnBackendAttributeName_t name) {
  return std::string(state.schema->name) + " attribute " + std::to_string(name);
}

bool type_fits(const Field& field, cudnnBackendAttributeType_t type) {
  return type == field.type || (field.type == CUDNN_TYPE_FLOAT && type == CUDNN_TYPE_DOUBLE);
}

// Takes the children of an attribute, all of which must be finalised and of the right kind.
cudnnStatus_t take_children(const Field& field, const std::string& name,
                            const cudnnBackendDescriptor_t* handles, Attribute* attribute) {
  for (int64_t i = 0; i < attribute->count; i++) {
    Descriptor* child = find_descriptor(handles[i]);
    if (child == nullptr) return CUDNN_STATUS_BAD_PARAM;
    const State& state = *child->state;
    if (field.child >= 0 && state.schema->type != field.child) {
      return refuse(CUDNN_STATUS_BAD_PARAM_DESCRIPTOR_TYPE,
                    name + " cannot be a " + state.schema->name);
    }
    if (!state.finalized) {
      return refuse(CUDNN_STATUS_BAD_PARAM_NOT_FINALIZED,
                    name + ": the " + state.schema->name + " is not finalised");
    }
    attribute->children.push_back(child->state);
    attribute->handles.push_back(handles[i]);
  }
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t give_children(const Attribute& attribute, int64_t count,
                            const cudnnBackendDescriptor_t* handles) {
  for (int64_t i = 0; i < count; i++) {
    Descriptor* target = find_descriptor(handles[i]);
    const auto& child = attribute.children[static_cast<size_t>(i)];
    if (target == nullptr) return CUDNN_STATUS_BAD_PARAM;
    if (target->state->schema != child->schema) {
      return refuse(CUDNN_STATUS_BAD_PARAM_DESCRIPTOR_TYPE,
                    std::string("a ") + child->schema->name + " does not fit into a " +
                        target->state->schema->name);
    }
    target->state = std::const_pointer_cast<State>(child);
  }
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t check_complete(const State& state) {
  for (const Field& field : state.schema->fields) {
    const Attribute* attribute = state.find(field.name);
    if (attribute == nullptr) {
      if (field.access != Access::kRequired) continue;
      return refuse(CUDNN_STATUS_BAD_PARAM, name_of(state, field.name) + " is required");
    }
    for (cudnnBackendDescriptor_t handle : attribute->handles) {
      if (find_descriptor(handle) == nullptr) {
        return refuse(CUDNN_STATUS_BAD_PARAM,
                      name_of(state, field.name) + " was destroyed before it was used");
      }
    }
  }
  return CUDNN_STATUS_SUCCESS;
}

}  // namespace

cudnnStatus_t refuse(cudnnStatus_t status, const std::string& reason) {
  explain(reason);
  return status;
}

const Attribute* State::find(cudnnBackendAttributeName_t name) const {
  auto found = attributes.find(name);
  return found == attributes.end() ? nullptr : &found->second;
}

double State::get_real(cudnnBackendAttributeName_t name, double otherwise) const {
  const Attribute* attribute = find(name);
  if (attribute == nullptr) return otherwise;
  return attribute->type == CUDNN_TYPE_DOUBLE ? get<double>(name) : double{get<float>(name)};
}

void State::put_children(cudnnBackendAttributeName_t name,
                         std::vector<std::shared_ptr<const State>> children) {
  int64_t count = static_cast<int64_t>(children.size());
  attributes[name] = {CUDNN_TYPE_BACKEND_DESCRIPTOR, count, {}, std::move(children), {}};
}

cudnnStatus_t create_descriptor(cudnnBackendDescriptorType_t type,
                                cudnnBackendDescriptor_t* handle) {
  if (handle == nullptr) {
    return refuse(CUDNN_STATUS_BAD_PARAM_NULL_POINTER, "no place for the descriptor");
  }
  *handle = nullptr;
  const Schema* schema = find_schema(type);
  if (schema == nullptr) {
    return refuse(CUDNN_STATUS_NOT_SUPPORTED,
                  "the emulation has no descriptor type " + std::to_string(type));
  }
  auto descriptor = std::make_unique<Descriptor>();
  descriptor->state = std::make_shared<State>();
  descriptor->state->schema = schema;
  *handle = descriptors().add(std::move(descriptor));
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t destroy_descriptor(cudnnBackendDescriptor_t handle) {
  if (find_descriptor(handle) == nullptr) return CUDNN_STATUS_BAD_PARAM;
  descriptors().remove(handle);
  return CUDNN_STATUS_SUCCESS;
}

Descriptor* find_descriptor(cudnnBackendDescriptor_t handle) {
  Descriptor* descriptor = descriptors().find(handle);
  if (descriptor == nullptr) explain("not a live descriptor");
  return descriptor;
}

cudnnStatus_t set_attribute(Descriptor* descriptor, cudnnBackendAttributeName_t name,
                            cudnnBackendAttributeType_t type, int64_t count, const void* values) {
  State& state = *descriptor->state;
  std::string what = name_of(state, name);
  if (state.finalized) {
    return refuse(CUDNN_STATUS_BAD_PARAM, what + ": the descriptor is finalised");
  }
  const Field* field = state.schema->find(name);
  if (field == nullptr || field->access == Access::kReadOnly) {
    return refuse(CUDNN_STATUS_BAD_PARAM, what + " is unknown here or cannot be set");
  }
  if (!type_fits(*field, type)) {
    return refuse(
        CUDNN_STATUS_BAD_PARAM_ATTRIBUTE_TYPE,
        what + " has type " + std::to_string(field->type) + ", not " + std::to_string(type));
  }
  if (count < field->min_count || count > field->max_count || values == nullptr) {
    return refuse(CUDNN_STATUS_BAD_PARAM,
                  what + " cannot have " + std::to_string(count) + " values, or they are null");
  }
  Attribute attribute{type, count, {}, {}, {}};
  if (type == CUDNN_TYPE_BACKEND_DESCRIPTOR) {
    cudnnStatus_t status = take_children(
        *field, what, static_cast<const cudnnBackendDescriptor_t*>(values), &attribute);
    if (status != CUDNN_STATUS_SUCCESS) return status;
  } else {
    auto bytes = static_cast<const char*>(values);
    attribute.bytes.assign(bytes, bytes + static_cast<size_t>(count) * size_of(type));
  }
  state.attributes[name] = std::move(attribute);
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t get_attribute(const Descriptor& descriptor, cudnnBackendAttributeName_t name,
                            cudnnBackendAttributeType_t type, int64_t capacity, int64_t* count,
                            void* values) {
  const State& state = *descriptor.state;
  std::string what = name_of(state, name);
  if (!state.finalized) {
    return refuse(CUDNN_STATUS_NOT_INITIALIZED, what + ": the descriptor is not finalised");
  }
  const Field* field = state.schema->find(name);
  if (field == nullptr) return refuse(CUDNN_STATUS_BAD_PARAM, what + " is unknown here");
  if (!type_fits(*field, type)) {
    return refuse(CUDNN_STATUS_BAD_PARAM_ATTRIBUTE_TYPE, what + " has another type");
  }
  if (count == nullptr || capacity < 0 || (capacity > 0 && values == nullptr)) {
    return refuse(CUDNN_STATUS_BAD_PARAM_NULL_POINTER, what + ": no place for the values");
  }
  const Attribute* attribute = state.find(name);
  int64_t available = attribute == nullptr ? 0 : attribute->count;
  *count = capacity == 0 ? available : std::min(capacity, available);
  if (capacity == 0 || available == 0) return CUDNN_STATUS_SUCCESS;
  if (type == CUDNN_TYPE_BACKEND_DESCRIPTOR) {
    return give_children(*attribute, *count, static_cast<cudnnBackendDescriptor_t*>(values));
  }
  if (type != attribute->type) {
    return refuse(CUDNN_STATUS_BAD_PARAM_ATTRIBUTE_TYPE, what + " was set with another type");
  }
  std::memcpy(values, attribute->bytes.data(), static_cast<size_t>(*count) * size_of(type));
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t finalize(Descriptor* descriptor) {
  State& state = *descriptor->state;
  if (state.finalized) {
    return refuse(CUDNN_STATUS_BAD_PARAM,
                  std::string(state.schema->name) + " is finalised already");
  }
  cudnnStatus_t status = check_complete(state);
  if (status != CUDNN_STATUS_SUCCESS) return status;
  try {
    build_model(&state);
  } catch (const Refusal& refusal) {
    return refuse(refusal.status, std::string(state.schema->name) + ": " + refusal.reason);
  }
  state.finalized = true;
  return CUDNN_STATUS_SUCCESS;
}

}  // namespace lenet::emulation
