// Allocation, copies, fills. An asynchronous copy reads or writes its host buffer when it runs, as
// it may with page-locked memory; with pageable memory the real one is kinder.
#include <cstdlib>
#include <cstring>
#include <set>

#include "runtime/context.h"
#include "runtime/settings.h"
#include "runtime/streams.h"

using namespace lenet::emulation;

namespace {

std::set<void*>& host_allocations() {
  static auto& allocations = *new std::set<void*>;
  return allocations;
}

struct Copy {
  char* to;
  const char* from;
  size_t bytes;
};

// Fills in direction and ranges; the kind must agree with where the pointers point.
cudaError_t describe_copy(const Copy& copy, cudaMemcpyKind kind, Operation* operation) {
  int to = owner_of(copy.to), from = owner_of(copy.from);
  if (kind == cudaMemcpyDefault) {
    kind = to >= 0 ? (from >= 0 ? cudaMemcpyDeviceToDevice : cudaMemcpyHostToDevice)
                   : (from >= 0 ? cudaMemcpyDeviceToHost : cudaMemcpyHostToHost);
  }
  static const char* const kDirections[] = {"host_to_host", "host_to_device", "device_to_host",
                                            "device_to_device"};
  if (kind < cudaMemcpyHostToHost || kind > cudaMemcpyDeviceToDevice) {
    explain("no such kind of copy");
    return cudaErrorInvalidMemcpyDirection;
  }
  operation->direction = kDirections[kind];
  operation->bytes = copy.bytes;
  operation->label =
      std::string("copy ") + operation->direction + " " + std::to_string(copy.bytes) + " bytes";
  bool to_device = kind == cudaMemcpyHostToDevice || kind == cudaMemcpyDeviceToDevice;
  bool from_device = kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyDeviceToDevice;
  if (copy.to == nullptr || copy.from == nullptr || (to >= 0) != to_device ||
      (from >= 0) != from_device) {
    explain(operation->label + ": a pointer is null or of the other side");
    return cudaErrorInvalidValue;
  }
  if (to_device) operation->ranges.push_back({copy.to, copy.bytes});
  if (from_device) operation->ranges.push_back({copy.from, copy.bytes});
  return cudaSuccess;
}

cudaError_t copy_on(Stream* stream, const Copy& copy, cudaMemcpyKind kind) {
  if (copy.bytes == 0) return cudaSuccess;
  Operation operation;
  operation.kind = "copy";
  cudaError_t error = describe_copy(copy, kind, &operation);
  if (error != cudaSuccess) return error;
  operation.work = [copy] { std::memmove(copy.to, copy.from, copy.bytes); };
  return enqueue(stream, std::move(operation));
}

cudaError_t fill_on(Stream* stream, void* pointer, int value, size_t bytes) {
  if (bytes == 0) return cudaSuccess;
  Operation operation;
  operation.kind = "fill";
  operation.label = "fill " + std::to_string(bytes) + " bytes";
  operation.ranges.push_back({pointer, bytes});
  operation.work = [=] { std::memset(pointer, value, bytes); };
  return enqueue(stream, std::move(operation));
}

cudaError_t allocate_host(void** pointer, size_t bytes) {
  if (pointer == nullptr || bytes == 0) return cudaErrorInvalidValue;
  *pointer = std::malloc(bytes);
  if (*pointer == nullptr) return cudaErrorMemoryAllocation;
  std::memset(*pointer, 0xFF, bytes);
  host_allocations().insert(*pointer);
  count_live("host_allocations", 1);
  count("allocations.host");
  return cudaSuccess;
}

}  // namespace

extern "C" {

LENET_EMU_API cudaError_t cudaMalloc(void** pointer, size_t bytes) {
  return enter({"cudaMalloc", cudaErrorMemoryAllocation, true}, [&] {
    if (pointer == nullptr) return cudaErrorInvalidValue;
    *pointer = nullptr;
    if (bytes == 0) return cudaSuccess;
    *pointer = memory(current_device()).allocate(bytes);
    if (*pointer == nullptr) {
      explain("device " + std::to_string(current_device()) + " has not " + std::to_string(bytes) +
              " bytes left");
      return cudaErrorMemoryAllocation;
    }
    count("allocations.device");
    count("bytes.allocated", bytes);
    count_live("device_allocations", 1);
    return cudaSuccess;
  });
}

// The documentation of the real one says that it "may perform implicit synchronization". Nobody may
// rely on that, so this one does not wait.
LENET_EMU_API cudaError_t cudaFree(void* pointer) {
  return enter({"cudaFree", cudaErrorLaunchFailure, true, true}, [&] {
    if (pointer == nullptr) return cudaSuccess;
    int device = owner_of(pointer);
    if (device >= 0 && lost_context() == cudaSuccess) {
      std::string user = pending_user({pointer, memory(device).bytes_at(pointer)});
      if (!user.empty()) violation("cudaFree of memory that queued work is to use: " + user);
    }
    if (device < 0 || !memory(device).free(pointer)) {
      explain("cudaFree: " + memory(device < 0 ? current_device() : device).describe(pointer));
      return cudaErrorInvalidValue;
    }
    count("frees.device");
    count_live("device_allocations", -1);
    return lost_context();
  });
}

LENET_EMU_API cudaError_t cudaMallocHost(void** pointer, size_t bytes) {
  return enter({"cudaMallocHost", cudaErrorMemoryAllocation, true},
               [&] { return allocate_host(pointer, bytes); });
}

LENET_EMU_API cudaError_t cudaHostAlloc(void** pointer, size_t bytes, unsigned flags) {
  return enter({"cudaHostAlloc", cudaErrorMemoryAllocation, true}, [&] {
    if ((flags & cudaHostAllocMapped) != 0) {
      explain("the emulation has no host memory that kernels can reach");
      return cudaErrorNotSupported;
    }
    return allocate_host(pointer, bytes);
  });
}

LENET_EMU_API cudaError_t cudaFreeHost(void* pointer) {
  return enter({"cudaFreeHost", cudaErrorLaunchFailure, true, true}, [&] {
    if (pointer == nullptr) return cudaSuccess;
    if (host_allocations().erase(pointer) == 0) {
      explain("cudaFreeHost: not from cudaMallocHost");
      return cudaErrorInvalidValue;
    }
    if (lost_context() == cudaSuccess) {
      synchronize_device(current_device());
      count("implicit_synchronisations");
    }
    std::free(pointer);
    count_live("host_allocations", -1);
    return cudaSuccess;
  });
}

LENET_EMU_API cudaError_t cudaMemGetInfo(size_t* available, size_t* total) {
  return enter({"cudaMemGetInfo", cudaErrorInvalidValue}, [&] {
    *total = settings().memory;
    *available = settings().memory - memory(current_device()).used();
    return cudaSuccess;
  });
}

LENET_EMU_API cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t bytes,
                                          cudaMemcpyKind kind, cudaStream_t handle) {
  return enter({"cudaMemcpyAsync", cudaErrorInvalidValue}, [&] {
    Stream* stream = find_stream(handle);
    if (stream == nullptr) return cudaErrorInvalidResourceHandle;
    return copy_on(stream, {static_cast<char*>(to), static_cast<const char*>(from), bytes}, kind);
  });
}

// On the legacy default stream, so it waits for blocking streams only.
LENET_EMU_API cudaError_t cudaMemcpy(void* to, const void* from, size_t bytes,
                                     cudaMemcpyKind kind) {
  return enter({"cudaMemcpy", cudaErrorInvalidValue, true}, [&] {
    Stream* stream = find_stream(nullptr);
    Copy copy{static_cast<char*>(to), static_cast<const char*>(from), bytes};
    cudaError_t error = copy_on(stream, copy, kind);
    return error != cudaSuccess ? error : synchronize(stream);
  });
}

LENET_EMU_API cudaError_t cudaMemsetAsync(void* pointer, int value, size_t bytes,
                                          cudaStream_t handle) {
  return enter({"cudaMemsetAsync", cudaErrorInvalidValue}, [&] {
    Stream* stream = find_stream(handle);
    if (stream == nullptr) return cudaErrorInvalidResourceHandle;
    return fill_on(stream, pointer, value, bytes);
  });
}

// Not blocking for device memory.
LENET_EMU_API cudaError_t cudaMemset(void* pointer, int value, size_t bytes) {
  return enter({"cudaMemset", cudaErrorInvalidValue, true},
               [&] { return fill_on(find_stream(nullptr), pointer, value, bytes); });
}

}  // extern "C"
