#include "runtime/context.h"

#include <cstdio>
#include <map>
#include <new>

#include "runtime/executor.h"
#include "runtime/faults.h"
#include "runtime/hooks.h"
#include "runtime/settings.h"
#include "runtime/streams.h"

namespace lenet::emulation {
namespace {

struct Reports {
  std::string rejection;
  std::string violation;
  uint64_t violations = 0;
};

Reports& reports() {
  static Reports& reports = *new Reports;
  return reports;
}

// This state is never destroyed: a program's own destructors may still call.
std::map<int, std::unique_ptr<DeviceMemory>>& memories() {
  static auto& memories = *new std::map<int, std::unique_ptr<DeviceMemory>>;
  return memories;
}

std::recursive_mutex& mutex() {
  static auto& mutex = *new std::recursive_mutex;
  return mutex;
}

cudaError_t refusal(bool needs_nothing, bool unsafe_in_capture, const char* name) {
  if (needs_nothing) return cudaSuccess;
  cudaError_t error = driver_error();
  if (error == cudaSuccess) error = lost_context();
  if (error == cudaSuccess && unsafe_in_capture && thread_is_capturing()) {
    invalidate_captures_of_thread();
    explain(std::string(name) + " is not allowed while this thread captures a stream");
    error = cudaErrorStreamCaptureUnsupported;
  }
  return error;
}

}  // namespace

std::unique_lock<std::recursive_mutex> lock() {
  return std::unique_lock<std::recursive_mutex>(mutex());
}

ThreadState& this_thread() {
  thread_local ThreadState state;
  return state;
}

int current_device() { return this_thread().device; }

DeviceMemory& memory(int device) {
  std::unique_ptr<DeviceMemory>& memory = memories()[device];
  if (memory == nullptr) {
    install_fault_handlers();
    memory = std::make_unique<DeviceMemory>(device);
  }
  return *memory;
}

int owner_of(const void* pointer) {
  for (const auto& [device, memory] : memories()) {
    if (memory->owns(pointer)) return device;
  }
  return -1;
}

void close_memory() {
  for (const auto& [device, memory] : memories()) memory->close();
}

bool is_live(int device, const void* pointer, size_t bytes) {
  return memory(device).is_live(pointer, bytes);
}

bool check_range(int device, const Range& range, const std::string& user) {
  if (is_live(device, range.pointer, range.bytes)) return true;
  int owner = owner_of(range.pointer);
  explain(user + " needs " + std::to_string(range.bytes) + " bytes in the memory of device " +
          std::to_string(device) + ": " +
          memory(owner < 0 ? device : owner).describe(range.pointer));
  return false;
}

cudaError_t driver_error() {
  // The runtime's own version, 13.0, is the least that its driver must have.
  if (settings().driver_version < CUDART_VERSION / 1000 * 1000) return cudaErrorInsufficientDriver;
  if (settings().devices == 0) return cudaErrorNoDevice;
  return cudaSuccess;
}

cudaError_t lost_context() {
  return reports().violations > 0 ? cudaErrorIllegalAddress : cudaSuccess;
}

void explain(const std::string& reason) {
  reports().rejection = reason;
  if (settings().log) std::fprintf(stderr, "lenet-emu: refused: %s\n", reason.c_str());
}

void violation(const std::string& what) {
  reports().violation = what;
  reports().violations++;
  count("violations");
  std::fprintf(stderr, "lenet-emu: violation: %s\n", what.c_str());
}

Admission admit(const Entry& entry) {
  count(std::string("calls.") + entry.name);
  cudaError_t error = refusal(false, entry.unsafe_in_capture, entry.name);
  if (error != cudaSuccess) return {Verdict::kRefused, error};
  int code = 0;
  if (take_fault(entry.name, &code)) return {Verdict::kInjected, code};
  return {Verdict::kProceed, 0};
}

cudaError_t enter(const Call& call, const std::function<cudaError_t()>& body) {
  auto guard = lock();
  count(std::string("calls.") + call.name);
  cudaError_t error = refusal(call.needs_nothing, call.unsafe_in_capture, call.name);
  int code = 0;
  if (error == cudaSuccess && take_fault(call.name, &code)) {
    if (call.acts_anyway) body();
    error = code != 0 ? static_cast<cudaError_t>(code) : call.fault;
  } else if (error == cudaSuccess || (call.acts_anyway && error == lost_context())) {
    try {
      cudaError_t result = body();
      if (error == cudaSuccess) error = result;
    } catch (const std::bad_alloc&) {
      error = cudaErrorMemoryAllocation;
    }
  }
  if (error != cudaSuccess && error != cudaErrorNotReady) this_thread().last_error = error;
  return error;
}

}  // namespace lenet::emulation

const char* lenet_emu_last_rejection(void) { return lenet::emulation::reports().rejection.c_str(); }

uint64_t lenet_emu_violations(void) { return lenet::emulation::reports().violations; }

const char* lenet_emu_last_violation(void) { return lenet::emulation::reports().violation.c_str(); }

void lenet_emu_recover(void) {
  auto guard = lenet::emulation::lock();
  lenet::emulation::reports() = {};
}
