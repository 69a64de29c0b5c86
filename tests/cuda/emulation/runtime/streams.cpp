#include "runtime/streams.h"

#include <algorithm>
#include <map>
#include <random>

#include "runtime/context.h"
#include "runtime/executor.h"
#include "runtime/hooks.h"
#include "runtime/settings.h"

namespace lenet::emulation {
namespace {

struct Streams {
  Handles<Stream> live{"streams"};
  std::map<int, std::unique_ptr<Stream>> legacy;
  std::vector<Stream*> all;  // in the order of creation
};

Streams& streams() {
  static Streams& streams = *new Streams;
  return streams;
}

Stream* legacy_stream(int device) {
  std::unique_ptr<Stream>& stream = streams().legacy[device];
  if (stream == nullptr) {
    stream = std::make_unique<Stream>();
    stream->device = device;
    stream->legacy = true;
    streams().all.push_back(stream.get());
  }
  return stream.get();
}

// The legacy stream waits for every blocking stream of its device and they wait for it.
void order_with_legacy(Stream* stream) {
  if (stream->legacy) {
    for (Stream* other : streams().all) {
      if (other->device == stream->device && other->blocking() && other->done < other->enqueued) {
        enqueue_wait(stream, other, other->enqueued);
      }
    }
  } else if (stream->blocking()) {
    Stream* legacy = legacy_stream(stream->device);
    if (legacy->done < legacy->enqueued) enqueue_wait(stream, legacy, legacy->enqueued);
  }
}

void push(Stream* stream, Stream::Entry entry) {
  stream->queue.push_back(std::move(entry));
  stream->enqueued++;
}

void run_until(Stream* stream, uint64_t position) {
  while (stream->done < position && lost_context() == cudaSuccess) {
    Stream::Entry entry = std::move(stream->queue.front());
    stream->queue.pop_front();
    stream->done++;
    if (entry.awaited != nullptr) {
      run_until(entry.awaited, entry.position);
    } else {
      for (const SharedOperation& operation : *entry.operations) {
        execute(stream->device, *operation);
        if (lost_context() != cudaSuccess) break;
      }
    }
  }
}

bool another_capture_on(int device) {
  bool found = false;
  for (Stream* stream : streams().all) {
    found |= stream->device == device && stream->blocking() && !stream->destroyed &&
             stream->capture.state != Capture::State::kNone;
  }
  return found;
}

}  // namespace

Handles<Graph>& graphs() {
  static auto& handles = *new Handles<Graph>("graphs");
  return handles;
}

Handles<GraphExec>& graph_execs() {
  static auto& handles = *new Handles<GraphExec>("graph_execs");
  return handles;
}

Handles<Event>& events() {
  static auto& handles = *new Handles<Event>("events");
  return handles;
}

Stream* find_stream(cudaStream_t handle) {
  if (handle == nullptr || handle == cudaStreamLegacy) return legacy_stream(current_device());
  Stream* stream = streams().live.find(handle);
  if (stream == nullptr) explain("not a live stream");
  return stream;
}

Stream* create_stream(unsigned flags) {
  auto stream = std::make_unique<Stream>();
  stream->device = current_device();
  stream->flags = flags;
  streams().all.push_back(stream.get());
  return streams().live.add(std::move(stream));
}

void destroy_stream(Stream* stream) {
  stream->destroyed = true;
  streams().live.remove(stream);
}

int device_of(cudaStream_t handle) {
  Stream* stream = find_stream(handle);
  return stream == nullptr ? -1 : stream->device;
}

cudaError_t enqueue(Stream* stream, Operation operation) {
  for (const Range& range : operation.ranges) {
    if (!check_range(stream->device, range, operation.label)) return cudaErrorInvalidValue;
  }
  if (stream->legacy && another_capture_on(stream->device)) {
    explain(operation.label + " on the legacy default stream would wait for a capturing stream");
    for (Stream* other : streams().all) {
      if (other->blocking() && other->capture.state == Capture::State::kActive) {
        other->capture.state = Capture::State::kInvalid;
      }
    }
    return cudaErrorStreamCaptureImplicit;
  }
  Capture& capture = stream->capture;
  if (capture.state == Capture::State::kInvalid) return cudaErrorStreamCaptureInvalidated;
  auto shared = std::make_shared<const Operation>(std::move(operation));
  if (capture.state == Capture::State::kActive) {
    count(std::string("captured.") + shared->kind);
    trace("captured", *shared);
    capture.operations.push_back(std::move(shared));
    return cudaSuccess;
  }
  count_operation("enqueued.", *shared);
  trace("enqueued", *shared);
  order_with_legacy(stream);
  push(stream, {std::make_shared<std::vector<SharedOperation>>(1, std::move(shared))});
  return cudaSuccess;
}

cudaError_t enqueue(cudaStream_t handle, Operation operation) {
  Stream* stream = find_stream(handle);
  if (stream == nullptr) return cudaErrorInvalidResourceHandle;
  return enqueue(stream, std::move(operation));
}

cudaError_t enqueue_graph(Stream* stream, const GraphExec& exec) {
  for (const SharedOperation& operation : *exec.operations) {
    for (const Range& range : operation->ranges) {
      if (!check_range(exec.device, range, operation->label)) return cudaErrorInvalidValue;
    }
  }
  count("graph.launches");
  count("graph.nodes", exec.operations->size());
  for (const SharedOperation& operation : *exec.operations) {
    count_operation("replayed.", *operation);
    trace("replayed", *operation);
  }
  order_with_legacy(stream);
  push(stream, {exec.operations});
  return cudaSuccess;
}

void enqueue_wait(Stream* stream, Stream* awaited, uint64_t position) {
  push(stream, {nullptr, awaited, position});
}

std::string pending_user(const Range& memory) {
  const char* first = static_cast<const char*>(memory.pointer);
  for (const Stream* stream : streams().all) {
    for (const Stream::Entry& entry : stream->queue) {
      if (entry.operations == nullptr) continue;
      for (const SharedOperation& operation : *entry.operations) {
        for (const Range& range : operation->ranges) {
          const char* other = static_cast<const char*>(range.pointer);
          if (other < first + memory.bytes && first < other + range.bytes) return operation->label;
        }
      }
    }
  }
  return "";
}

cudaError_t synchronize(Stream* stream, uint64_t position) {
  count("synchronisations");
  run_until(stream, position);
  close_memory();
  return lost_context();
}

cudaError_t synchronize(Stream* stream) { return synchronize(stream, stream->enqueued); }

cudaError_t synchronize_device(int device) {
  count("synchronisations");
  std::vector<Stream*> order;
  for (Stream* stream : streams().all) {
    if (stream->device == device) order.push_back(stream);
  }
  // Streams that nothing orders may run in any order.
  if (settings().order == Order::kReverse) std::reverse(order.begin(), order.end());
  if (settings().order == Order::kShuffle) {
    std::shuffle(order.begin(), order.end(), std::mt19937_64(settings().seed));
  }
  for (Stream* stream : order) run_until(stream, stream->enqueued);
  close_memory();
  return lost_context();
}

bool thread_is_capturing() {
  bool capturing = false;
  for (Stream* stream : streams().all) {
    const Capture& capture = stream->capture;
    bool mine = capture.thread == std::this_thread::get_id();
    capturing |= !stream->destroyed && capture.state == Capture::State::kActive &&
                 (capture.mode == cudaStreamCaptureModeGlobal ||
                  (capture.mode == cudaStreamCaptureModeThreadLocal && mine));
  }
  return capturing;
}

void invalidate_captures_of_thread() {
  for (Stream* stream : streams().all) {
    Capture& capture = stream->capture;
    if (capture.state == Capture::State::kActive && capture.mode != cudaStreamCaptureModeRelaxed) {
      bool mine = capture.thread == std::this_thread::get_id();
      if (mine || capture.mode == cudaStreamCaptureModeGlobal) {
        capture.state = Capture::State::kInvalid;
      }
    }
  }
}

cudaError_t refuse_in_capture(Stream* stream, const char* call) {
  explain(std::string(call) + " is not allowed on a capturing stream");
  stream->capture.state = Capture::State::kInvalid;
  return cudaErrorStreamCaptureUnsupported;
}

}  // namespace lenet::emulation

uint64_t lenet_emu_pending(void) {
  using namespace lenet::emulation;
  auto guard = lock();
  uint64_t pending = 0;
  for (Stream* stream : streams().all) {
    for (const Stream::Entry& entry : stream->queue) {
      if (entry.operations != nullptr) pending += entry.operations->size();
    }
  }
  return pending;
}
