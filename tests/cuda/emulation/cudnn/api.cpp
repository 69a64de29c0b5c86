// The entry points of the emulated libcudnn.so.9.
#include <cstdio>
#include <cstdlib>

#include "cudnn/descriptor.h"
#include "cudnn/execute.h"
#include "cudnn/handle.h"
#include "runtime/handles.h"
#include "runtime/hooks.h"

namespace lenet::emulation {
namespace {

Handles<CudnnHandle>& handles() {
  static auto& handles = *new Handles<CudnnHandle>("cudnn_handles");
  return handles;
}

// Runs the body, unless the call is refused or made to fail. `fault` is the call's usual error.
template <class Body>
cudnnStatus_t call(const Entry& entry, cudnnStatus_t fault, Body&& body) {
  auto guard = lock();
  Admission admission = admit(entry);
  if (admission.verdict == Verdict::kRefused) return CUDNN_STATUS_EXECUTION_FAILED_CUDART;
  if (admission.verdict == Verdict::kInjected) {
    explain(std::string(entry.name) + " fails on purpose");
    return admission.code != 0 ? static_cast<cudnnStatus_t>(admission.code) : fault;
  }
  return body();
}

// The same for calls that give something back even when they report an error.
template <class Body>
cudnnStatus_t release_call(const Entry& entry, Body&& body) {
  auto guard = lock();
  cudnnStatus_t status = body();
  cudnnStatus_t other =
      call(entry, CUDNN_STATUS_INTERNAL_ERROR, [] { return CUDNN_STATUS_SUCCESS; });
  return status == CUDNN_STATUS_SUCCESS ? other : status;
}

template <class Body>
cudnnStatus_t with_descriptor(const Entry& entry, cudnnStatus_t fault,
                              cudnnBackendDescriptor_t handle, Body&& body) {
  return call(entry, fault, [&] {
    if (handle == nullptr) {
      return refuse(CUDNN_STATUS_BAD_PARAM_NULL_POINTER, "the descriptor is null");
    }
    Descriptor* descriptor = find_descriptor(handle);
    return descriptor == nullptr ? CUDNN_STATUS_BAD_PARAM : body(descriptor);
  });
}

template <class M>
const M* finalized(cudnnBackendDescriptor_t handle) {
  Descriptor* descriptor = find_descriptor(handle);
  if (descriptor == nullptr) return nullptr;
  const M* model = std::get_if<M>(&descriptor->state->model);
  if (model == nullptr) {
    explain(std::string(descriptor->state->schema->name) +
            " is not finalised or not what is needed here");
  }
  return model;
}

// The version that a variable has this library claim.
size_t claimed(const char* variable, size_t otherwise) {
  const char* value = std::getenv(variable);
  return value == nullptr ? otherwise : std::strtoull(value, nullptr, 10);
}

struct StatusName {
  cudnnStatus_t status;
  const char* name;
};

#define STATUS_NAME(status) \
  { status, #status }
constexpr StatusName kStatusNames[] = {
    STATUS_NAME(CUDNN_STATUS_SUCCESS),
    STATUS_NAME(CUDNN_STATUS_NOT_INITIALIZED),
    STATUS_NAME(CUDNN_STATUS_SUBLIBRARY_VERSION_MISMATCH),
    STATUS_NAME(CUDNN_STATUS_SUBLIBRARY_LOADING_FAILED),
    STATUS_NAME(CUDNN_STATUS_BAD_PARAM),
    STATUS_NAME(CUDNN_STATUS_BAD_PARAM_NULL_POINTER),
    STATUS_NAME(CUDNN_STATUS_BAD_PARAM_MISALIGNED_POINTER),
    STATUS_NAME(CUDNN_STATUS_BAD_PARAM_NOT_FINALIZED),
    STATUS_NAME(CUDNN_STATUS_BAD_PARAM_SIZE_INSUFFICIENT),
    STATUS_NAME(CUDNN_STATUS_BAD_PARAM_DUPLICATED_ENTRIES),
    STATUS_NAME(CUDNN_STATUS_BAD_PARAM_ATTRIBUTE_TYPE),
    STATUS_NAME(CUDNN_STATUS_BAD_PARAM_DESCRIPTOR_TYPE),
    STATUS_NAME(CUDNN_STATUS_NOT_SUPPORTED),
    STATUS_NAME(CUDNN_STATUS_NOT_SUPPORTED_GRAPH_PATTERN),
    STATUS_NAME(CUDNN_STATUS_NOT_SUPPORTED_DATA_TYPE),
    STATUS_NAME(CUDNN_STATUS_NOT_SUPPORTED_LAYOUT),
    STATUS_NAME(CUDNN_STATUS_NOT_SUPPORTED_RUNTIME_PREREQUISITE_MISSING),
    STATUS_NAME(CUDNN_STATUS_INTERNAL_ERROR),
    STATUS_NAME(CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED),
    STATUS_NAME(CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED),
    STATUS_NAME(CUDNN_STATUS_EXECUTION_FAILED),
    STATUS_NAME(CUDNN_STATUS_EXECUTION_FAILED_CUDART)};

}  // namespace

CudnnHandle* find_handle(cudnnHandle_t handle) { return handles().find(handle); }

}  // namespace lenet::emulation

using namespace lenet::emulation;

extern "C" {

LENET_EMU_API size_t cudnnGetVersion() { return claimed("LENET_EMU_CUDNN", CUDNN_VERSION); }

LENET_EMU_API size_t cudnnGetCudartVersion() {
  return claimed("LENET_EMU_CUDNN_CUDART", CUDART_VERSION);
}

LENET_EMU_API const char* cudnnGetErrorString(cudnnStatus_t status) {
  for (const StatusName& known : kStatusNames) {
    if (known.status == status) return known.name;
  }
  return "CUDNN_UNKNOWN_STATUS";
}

LENET_EMU_API void cudnnGetLastErrorString(char* message, size_t size) {
  auto guard = lock();
  if (message != nullptr && size > 0) {
    std::snprintf(message, size, "%s", lenet_emu_last_rejection());
  }
}

LENET_EMU_API cudnnStatus_t cudnnCreate(cudnnHandle_t* result) {
  if (result == nullptr) return CUDNN_STATUS_BAD_PARAM_NULL_POINTER;
  *result = nullptr;
  Entry entry{"cudnnCreate", true};
  return call(entry, CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED, [&] {
    auto handle = std::make_unique<CudnnHandle>();
    handle->device = current_device();
    *result = reinterpret_cast<cudnnHandle_t>(handles().add(std::move(handle)));
    return CUDNN_STATUS_SUCCESS;
  });
}

LENET_EMU_API cudnnStatus_t cudnnDestroy(cudnnHandle_t handle) {
  return release_call({"cudnnDestroy", true}, [&] {
    if (find_handle(handle) == nullptr) {
      return refuse(CUDNN_STATUS_BAD_PARAM, "not a live cuDNN handle");
    }
    // "The device associated with a particular cuDNN context is assumed to remain unchanged between
    // the corresponding cudnnCreate() and cudnnDestroy() calls", says the documentation.
    if (current_device() != find_handle(handle)->device) {
      return refuse(CUDNN_STATUS_BAD_PARAM, "another device than the handle's is current");
    }
    handles().remove(handle);
    return CUDNN_STATUS_SUCCESS;
  });
}

LENET_EMU_API cudnnStatus_t cudnnSetStream(cudnnHandle_t raw, cudaStream_t stream) {
  return call({"cudnnSetStream"}, CUDNN_STATUS_BAD_PARAM_STREAM_MISMATCH, [&] {
    CudnnHandle* handle = find_handle(raw);
    if (handle == nullptr) return refuse(CUDNN_STATUS_BAD_PARAM, "not a live cuDNN handle");
    if (device_of(stream) != handle->device) {
      return refuse(CUDNN_STATUS_BAD_PARAM_STREAM_MISMATCH,
                    "no live stream of the handle's device");
    }
    handle->stream = stream;
    return CUDNN_STATUS_SUCCESS;
  });
}

LENET_EMU_API cudnnStatus_t cudnnBackendCreateDescriptor(cudnnBackendDescriptorType_t type,
                                                         cudnnBackendDescriptor_t* handle) {
  return call({"cudnnBackendCreateDescriptor"}, CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED,
              [&] { return create_descriptor(type, handle); });
}

LENET_EMU_API cudnnStatus_t cudnnBackendDestroyDescriptor(cudnnBackendDescriptor_t handle) {
  return release_call({"cudnnBackendDestroyDescriptor"},
                      [&] { return destroy_descriptor(handle); });
}

LENET_EMU_API cudnnStatus_t cudnnBackendSetAttribute(cudnnBackendDescriptor_t handle,
                                                     cudnnBackendAttributeName_t name,
                                                     cudnnBackendAttributeType_t type,
                                                     int64_t count, const void* values) {
  return with_descriptor(
      {"cudnnBackendSetAttribute"}, CUDNN_STATUS_BAD_PARAM, handle,
      [&](Descriptor* descriptor) { return set_attribute(descriptor, name, type, count, values); });
}

LENET_EMU_API cudnnStatus_t cudnnBackendGetAttribute(cudnnBackendDescriptor_t handle,
                                                     cudnnBackendAttributeName_t name,
                                                     cudnnBackendAttributeType_t type,
                                                     int64_t capacity, int64_t* count,
                                                     void* values) {
  return with_descriptor({"cudnnBackendGetAttribute"}, CUDNN_STATUS_BAD_PARAM, handle,
                         [&](Descriptor* descriptor) {
                           return get_attribute(*descriptor, name, type, capacity, count, values);
                         });
}

LENET_EMU_API cudnnStatus_t cudnnBackendFinalize(cudnnBackendDescriptor_t handle) {
  return with_descriptor({"cudnnBackendFinalize"}, CUDNN_STATUS_NOT_SUPPORTED, handle,
                         [](Descriptor* descriptor) { return finalize(descriptor); });
}

LENET_EMU_API cudnnStatus_t cudnnBackendExecute(cudnnHandle_t raw,
                                                cudnnBackendDescriptor_t plan_handle,
                                                cudnnBackendDescriptor_t pack_handle) {
  return call({"cudnnBackendExecute"}, CUDNN_STATUS_EXECUTION_FAILED, [&] {
    CudnnHandle* handle = find_handle(raw);
    if (handle == nullptr) return refuse(CUDNN_STATUS_BAD_PARAM, "not a live cuDNN handle");
    const Plan* plan = finalized<Plan>(plan_handle);
    if (plan == nullptr) return CUDNN_STATUS_BAD_PARAM;
    const VariantPack* pack = finalized<VariantPack>(pack_handle);
    if (pack == nullptr) return CUDNN_STATUS_BAD_PARAM;
    return execute_plan(*handle, *plan, *pack);
  });
}

}  // extern "C"
