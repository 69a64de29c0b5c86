// Streams that only remember: an operation runs when something waits for it, so a host that reads
// too early reads old data, and a host buffer is read or written at that late moment. Within a
// stream operations run in order; between streams only events, and the legacy default stream's
// rules, order them. A capturing stream collects operations into a graph instead.
#pragma once

#include <deque>
#include <memory>
#include <thread>
#include <vector>

#include "runtime/emulation.h"
#include "runtime/handles.h"

namespace lenet::emulation {

using SharedOperation = std::shared_ptr<const Operation>;

struct Graph {
  std::vector<SharedOperation> operations;
};

struct GraphExec {
  int device;
  std::shared_ptr<const std::vector<SharedOperation>> operations;
};

struct Capture {
  enum class State { kNone, kActive, kInvalid };
  State state = State::kNone;
  cudaStreamCaptureMode mode = cudaStreamCaptureModeGlobal;
  std::thread::id thread;
  uint64_t id = 0;
  std::vector<SharedOperation> operations;
};

struct Stream {
  // Either operations to run or, if `awaited` is set, a position of another stream to wait for.
  struct Entry {
    std::shared_ptr<const std::vector<SharedOperation>> operations;
    Stream* awaited = nullptr;
    uint64_t position = 0;
  };

  int device = 0;
  unsigned flags = 0;
  bool legacy = false;
  bool destroyed = false;
  // The first query of pending work finds it unfinished, the second finishes it.
  bool queried = false;
  std::deque<Entry> queue;
  uint64_t enqueued = 0;
  uint64_t done = 0;
  Capture capture;

  bool blocking() const { return !legacy && (flags & cudaStreamNonBlocking) == 0; }
};

// A point in a stream, or in the capture with this id.
struct EventRecord {
  Stream* stream = nullptr;
  uint64_t position = 0;
  uint64_t capture = 0;
  bool reached = false;
  double milliseconds = 0;
};

struct Event {
  int device = 0;
  unsigned flags = 0;
  std::shared_ptr<EventRecord> record;
  // As of the stream.
  bool queried = false;
};

Handles<Graph>& graphs();
Handles<GraphExec>& graph_execs();
Handles<Event>& events();

// The stream of the handle, 0 being the current device's legacy stream; nullptr if not live.
Stream* find_stream(cudaStream_t handle);
Stream* create_stream(unsigned flags);
// Its pending operations still run at the next synchronisation of the device.
void destroy_stream(Stream* stream);

cudaError_t enqueue(Stream* stream, Operation operation);
// Everything the graph holds, as one entry.
cudaError_t enqueue_graph(Stream* stream, const GraphExec& exec);
// For event waits.
void enqueue_wait(Stream* stream, Stream* awaited, uint64_t position);

// The label of a pending operation that touches these bytes, or "".
std::string pending_user(const Range& memory);

// Run what is pending and close the device's memory again. cudaSuccess or what a violation left.
cudaError_t synchronize(Stream* stream);
cudaError_t synchronize(Stream* stream, uint64_t position);
cudaError_t synchronize_device(int device);

bool thread_is_capturing();
void invalidate_captures_of_thread();
// A call that a capturing stream forbids: invalidates the capture and explains.
cudaError_t refuse_in_capture(Stream* stream, const char* call);

}  // namespace lenet::emulation
