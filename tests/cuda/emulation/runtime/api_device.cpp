// Devices, versions, errors.
#include <cstdio>
#include <cstring>

#include "runtime/context.h"
#include "runtime/settings.h"
#include "runtime/streams.h"

using namespace lenet::emulation;

namespace {

// The limits of the newest architectures that every supported one shares; the rest is the chip's.
constexpr int kMaxThreads = 1024;
constexpr size_t kSharedPerBlock = 48 << 10;
constexpr int kMultiprocessors = 132;

bool is_device(int device) {
  if (device >= 0 && device < settings().devices) return true;
  explain("no device " + std::to_string(device));
  return false;
}

void fill(cudaDeviceProp* properties, int device) {
  std::memset(properties, 0, sizeof *properties);
  std::snprintf(properties->name, sizeof properties->name, "%s", settings().device_name.c_str());
  properties->uuid.bytes[15] = static_cast<char>(device);
  properties->totalGlobalMem = settings().memory;
  properties->sharedMemPerBlock = kSharedPerBlock;
  properties->sharedMemPerBlockOptin = kSharedPerBlock;
  properties->sharedMemPerMultiprocessor = 2 * kSharedPerBlock;
  properties->regsPerBlock = 65536;
  properties->regsPerMultiprocessor = 65536;
  properties->warpSize = 32;
  properties->maxThreadsPerBlock = kMaxThreads;
  properties->maxThreadsDim[0] = properties->maxThreadsDim[1] = kMaxThreads;
  properties->maxThreadsDim[2] = 64;
  properties->maxGridSize[0] = 2147483647;
  properties->maxGridSize[1] = properties->maxGridSize[2] = 65535;
  properties->maxThreadsPerMultiProcessor = 2048;
  properties->maxBlocksPerMultiProcessor = 32;
  properties->multiProcessorCount = kMultiprocessors;
  properties->major = settings().compute_capability / 10;
  properties->minor = settings().compute_capability % 10;
  properties->unifiedAddressing = 1;
  properties->concurrentKernels = 1;
  properties->pciBusID = device + 1;
}

cudaError_t attribute(int* value, cudaDeviceAttr name) {
  switch (name) {
    case cudaDevAttrComputeCapabilityMajor:
      *value = settings().compute_capability / 10;
      return cudaSuccess;
    case cudaDevAttrComputeCapabilityMinor:
      *value = settings().compute_capability % 10;
      return cudaSuccess;
    case cudaDevAttrMultiProcessorCount:
      *value = kMultiprocessors;
      return cudaSuccess;
    case cudaDevAttrMaxThreadsPerBlock:
      *value = kMaxThreads;
      return cudaSuccess;
    case cudaDevAttrMaxSharedMemoryPerBlock:
      *value = kSharedPerBlock;
      return cudaSuccess;
    case cudaDevAttrWarpSize:
      *value = 32;
      return cudaSuccess;
    default:
      explain("the emulation does not know device attribute " + std::to_string(name));
      return cudaErrorInvalidValue;
  }
}

struct ErrorText {
  cudaError_t error;
  const char* name;
  const char* text;
};

#define ERROR_TEXT(error, text) \
  { error, #error, text }
constexpr ErrorText kErrors[] = {
    ERROR_TEXT(cudaSuccess, "no error"),
    ERROR_TEXT(cudaErrorInvalidValue, "invalid argument"),
    ERROR_TEXT(cudaErrorMemoryAllocation, "out of memory"),
    ERROR_TEXT(cudaErrorInvalidConfiguration, "invalid configuration argument"),
    ERROR_TEXT(cudaErrorInsufficientDriver,
               "CUDA driver version is insufficient for CUDA runtime version"),
    ERROR_TEXT(cudaErrorMissingConfiguration, "call configuration is missing"),
    ERROR_TEXT(cudaErrorInvalidDeviceFunction, "invalid device function"),
    ERROR_TEXT(cudaErrorDevicesUnavailable, "all CUDA-capable devices are busy or unavailable"),
    ERROR_TEXT(cudaErrorNoDevice, "no CUDA-capable device is detected"),
    ERROR_TEXT(cudaErrorInvalidDevice, "invalid device ordinal"),
    ERROR_TEXT(cudaErrorInvalidResourceHandle, "invalid resource handle"),
    ERROR_TEXT(cudaErrorNotReady, "device not ready"),
    ERROR_TEXT(cudaErrorIllegalAddress, "an illegal memory access was encountered"),
    ERROR_TEXT(cudaErrorLaunchOutOfResources, "too many resources requested for launch"),
    ERROR_TEXT(cudaErrorLaunchFailure, "unspecified launch failure"),
    ERROR_TEXT(cudaErrorNotSupported, "operation not supported"),
    ERROR_TEXT(cudaErrorStreamCaptureUnsupported,
               "operation not permitted when stream is capturing"),
    ERROR_TEXT(cudaErrorStreamCaptureInvalidated,
               "operation failed due to a previous error during capture"),
    ERROR_TEXT(cudaErrorStreamCaptureUnmatched,
               "capture was not ended in the same stream as it began"),
    ERROR_TEXT(cudaErrorStreamCaptureIsolation,
               "dependency created on uncaptured work in another stream"),
    ERROR_TEXT(cudaErrorStreamCaptureImplicit,
               "operation would make the legacy stream depend on a capturing blocking stream"),
    ERROR_TEXT(cudaErrorCapturedEvent,
               "operation not permitted on an event last recorded in a capturing stream"),
    ERROR_TEXT(cudaErrorStreamCaptureWrongThread,
               "attempt to terminate a thread-local capture sequence from another thread"),
    ERROR_TEXT(cudaErrorUnknown, "unknown error")};

const ErrorText* find(cudaError_t error) {
  for (const ErrorText& known : kErrors) {
    if (known.error == error) return &known;
  }
  return nullptr;
}

}  // namespace

extern "C" {

LENET_EMU_API cudaError_t cudaGetDeviceCount(int* count) {
  // The one call that reports a missing driver and a missing device without a context.
  return enter({"cudaGetDeviceCount", cudaErrorUnknown, false, false, true}, [&] {
    *count = 0;
    cudaError_t error = driver_error();
    if (error == cudaSuccess) *count = settings().devices;
    return error;
  });
}

LENET_EMU_API cudaError_t cudaSetDevice(int device) {
  return enter({"cudaSetDevice", cudaErrorDevicesUnavailable}, [&] {
    if (!is_device(device)) return cudaErrorInvalidDevice;
    this_thread().device = device;
    return cudaSuccess;
  });
}

LENET_EMU_API cudaError_t cudaGetDevice(int* device) {
  return enter({"cudaGetDevice"}, [&] {
    *device = current_device();
    return cudaSuccess;
  });
}

LENET_EMU_API cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device) {
  return enter({"cudaGetDeviceProperties", cudaErrorInvalidDevice}, [&] {
    if (!is_device(device)) return cudaErrorInvalidDevice;
    fill(properties, device);
    return cudaSuccess;
  });
}

LENET_EMU_API cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr name, int device) {
  return enter({"cudaDeviceGetAttribute", cudaErrorInvalidDevice},
               [&] { return is_device(device) ? attribute(value, name) : cudaErrorInvalidDevice; });
}

LENET_EMU_API cudaError_t cudaDriverGetVersion(int* version) {
  return enter({"cudaDriverGetVersion", cudaErrorInvalidValue, false, false, true}, [&] {
    *version = settings().driver_version;
    return cudaSuccess;
  });
}

LENET_EMU_API cudaError_t cudaRuntimeGetVersion(int* version) {
  return enter({"cudaRuntimeGetVersion", cudaErrorInvalidValue, false, false, true}, [&] {
    *version = CUDART_VERSION;
    return cudaSuccess;
  });
}

LENET_EMU_API cudaError_t cudaDeviceSynchronize() {
  return enter({"cudaDeviceSynchronize", cudaErrorLaunchFailure, true, true},
               [] { return synchronize_device(current_device()); });
}

LENET_EMU_API cudaError_t cudaGetLastError() {
  auto guard = lock();
  cudaError_t error = lost_context();
  if (error == cudaSuccess) std::swap(error, this_thread().last_error);
  return error;
}

LENET_EMU_API cudaError_t cudaPeekAtLastError() {
  auto guard = lock();
  cudaError_t error = lost_context();
  return error != cudaSuccess ? error : this_thread().last_error;
}

LENET_EMU_API const char* cudaGetErrorName(cudaError_t error) {
  const ErrorText* known = find(error);
  return known == nullptr ? "unrecognized error code" : known->name;
}

LENET_EMU_API const char* cudaGetErrorString(cudaError_t error) {
  const ErrorText* known = find(error);
  return known == nullptr ? "unrecognized error code" : known->text;
}

}  // extern "C"
