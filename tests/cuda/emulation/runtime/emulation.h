// What the emulated runtime offers to the emulated libcublas and libcudnn beside the CUDA runtime's
// own calls. Everything runs under one lock; queued work runs on the thread that synchronises.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#define LENET_EMU_API __attribute__((visibility("default")))

namespace lenet::emulation {

// Device memory that an operation touches: checked when it is enqueued and again when it runs.
struct Range {
  const void* pointer;
  size_t bytes;
};

// One thing that a stream does.
struct Operation {
  const char* kind;   // "kernel", "cudnn", "cublas", "copy", "fill" or "event"
  std::string label;  // for messages and the trace
  std::vector<Range> ranges;
  std::function<void()> work;
  // For copies: "host_to_device" and so on.
  const char* direction = nullptr;
  uint64_t bytes = 0;
};

// What every entry point of the three libraries does first.
struct Entry {
  const char* name;
  // Potentially unsafe while the calling thread captures a stream: it fails and the capture is
  // lost.
  bool unsafe_in_capture = false;
};

enum class Verdict {
  kProceed,
  // The fault plan fails this call; `code` is the plan's code or 0 for the call's usual one.
  kInjected,
  // Driver, device or context do not work, or the call is not allowed during capture.
  kRefused
};

struct Admission {
  Verdict verdict;
  int code;  // for kRefused a cudaError_t
};

LENET_EMU_API std::unique_lock<std::recursive_mutex> lock();
// Counts the call and decides its fate.
LENET_EMU_API Admission admit(const Entry& entry);
// Appends to the stream, or to the graph that it is capturing. 0 is the legacy default stream of
// the current device.
LENET_EMU_API cudaError_t enqueue(cudaStream_t stream, Operation operation);
// The device of a live stream, or -1.
LENET_EMU_API int device_of(cudaStream_t stream);
LENET_EMU_API int current_device();
// Whether all bytes lie in one live allocation of the device.
LENET_EMU_API bool is_live(int device, const void* pointer, size_t bytes);
// Remembers why a call was refused, for the log and for lenet_emu_last_rejection().
LENET_EMU_API void explain(const std::string& reason);
// A mistake that on a GPU would corrupt or fault: reported on stderr, and the context is lost, as
// after cudaErrorIllegalAddress.
LENET_EMU_API void violation(const std::string& what);
// Objects that a program must give back, by kind.
LENET_EMU_API void count_live(const char* kind, int change);
LENET_EMU_API void count(const std::string& counter, uint64_t amount = 1);

}  // namespace lenet::emulation
