// The state behind the emulated runtime: devices, the calling thread's choices, the lost context
// and the one gate through which every call passes.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "runtime/device_memory.h"
#include "runtime/emulation.h"
#include "runtime/ledger.h"

namespace lenet::emulation {

struct ThreadState {
  int device = 0;
  cudaError_t last_error = cudaSuccess;
};
ThreadState& this_thread();

// Memory of a device, made when first used.
DeviceMemory& memory(int device);
// The device that owns the address, or -1.
int owner_of(const void* pointer);
// Closes every device's memory.
void close_memory();

// cudaSuccess, or why no device can be used at all.
cudaError_t driver_error();
// cudaSuccess, or what a violation left behind.
cudaError_t lost_context();

// The pointer lies in this device's memory, else the reason is explained.
bool check_range(int device, const Range& range, const std::string& user);

struct Call {
  const char* name;
  // What the call returns when the fault plan fails it.
  cudaError_t fault = cudaErrorUnknown;
  bool unsafe_in_capture = false;
  // Gives something back or waits, and does so even when it reports an error.
  bool acts_anyway = false;
  // Works without driver and device.
  bool needs_nothing = false;
};

// Runs the body of an entry point under the lock, unless the call is refused or failed, and keeps
// the thread's last error.
cudaError_t enter(const Call& call, const std::function<cudaError_t()>& body);

}  // namespace lenet::emulation
