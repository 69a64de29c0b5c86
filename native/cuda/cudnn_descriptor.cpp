#include "cuda/cudnn_descriptor.h"

#include <optional>

#include "cuda/error.h"

namespace lenet::cuda {
namespace {

// cuDNN has no names for its enumerators at run time; its header has the numbers.
void check_call(cudnnStatus_t status, const char* function, cudnnBackendDescriptorType_t type,
                std::optional<cudnnBackendAttributeName_t> attribute = std::nullopt) {
  if (status == CUDNN_STATUS_SUCCESS) return;
  std::string call = std::string(function) + "(descriptor type " + std::to_string(type);
  if (attribute) call += ", attribute " + std::to_string(*attribute);
  call += ")";
  throw_failed(status, {call.c_str()});
}

}  // namespace

Descriptor::Descriptor(cudnnBackendDescriptorType_t type) : type_(type) {
  check_call(cudnnBackendCreateDescriptor(type, &descriptor_), "cudnnBackendCreateDescriptor",
             type);
}

Descriptor::~Descriptor() {
  if (descriptor_ != nullptr) cudnnBackendDestroyDescriptor(descriptor_);
}

void Descriptor::finalize() {
  check_call(cudnnBackendFinalize(descriptor_), "cudnnBackendFinalize", type_);
}

cudnnStatus_t Descriptor::try_finalize() { return cudnnBackendFinalize(descriptor_); }

std::vector<Descriptor> Descriptor::get_all(cudnnBackendAttributeName_t name,
                                            cudnnBackendDescriptorType_t type) const {
  // cuDNN fills descriptors that the caller has made.
  std::vector<Descriptor> values;
  std::vector<DescriptorRef> refs;
  int64_t capacity = get_raw(name, CUDNN_TYPE_BACKEND_DESCRIPTOR, 0, nullptr);
  for (int64_t i = 0; i < capacity; i++) refs.push_back(values.emplace_back(type).ref());
  if (capacity == 0) return values;
  int64_t found = get_raw(name, CUDNN_TYPE_BACKEND_DESCRIPTOR, capacity, refs.data());
  while (static_cast<int64_t>(values.size()) > found) values.pop_back();
  return values;
}

void Descriptor::set_raw(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type,
                         int64_t count, const void* values) {
  check_call(cudnnBackendSetAttribute(descriptor_, name, type, count, values),
             "cudnnBackendSetAttribute", type_, name);
}

int64_t Descriptor::get_raw(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type,
                            int64_t capacity, void* values) const {
  int64_t found = 0;
  check_call(cudnnBackendGetAttribute(descriptor_, name, type, capacity, &found, values),
             "cudnnBackendGetAttribute", type_, name);
  return found;
}

}  // namespace lenet::cuda
