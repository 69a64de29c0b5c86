// Streams and events.
#include <chrono>

#include "runtime/context.h"
#include "runtime/streams.h"

using namespace lenet::emulation;

namespace {

double milliseconds_now() {
  auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double, std::milli>(now).count();
}

bool is_capturing(const Stream* stream) { return stream->capture.state != Capture::State::kNone; }

cudaError_t create(cudaStream_t* handle, unsigned flags) {
  if (handle == nullptr || (flags & ~unsigned{cudaStreamNonBlocking}) != 0) {
    return cudaErrorInvalidValue;
  }
  *handle = reinterpret_cast<cudaStream_t>(create_stream(flags));
  return cudaSuccess;
}

cudaError_t create(cudaEvent_t* handle, unsigned flags) {
  constexpr unsigned kKnown = cudaEventBlockingSync | cudaEventDisableTiming;
  if (handle == nullptr || (flags & ~kKnown) != 0) return cudaErrorInvalidValue;
  auto event = std::make_unique<Event>();
  event->device = current_device();
  event->flags = flags;
  *handle = reinterpret_cast<cudaEvent_t>(events().add(std::move(event)));
  return cudaSuccess;
}

Event* find_event(cudaEvent_t handle) {
  Event* event = events().find(handle);
  if (event == nullptr) explain("not a live event");
  return event;
}

bool is_captured(const Event& event) {
  return event.record != nullptr && event.record->capture != 0;
}

cudaError_t record(Event* event, Stream* stream) {
  if (event->device != stream->device) {
    explain("the event and the stream belong to different devices");
    return cudaErrorInvalidResourceHandle;
  }
  auto record = std::make_shared<EventRecord>();
  record->stream = stream;
  record->capture = stream->capture.state == Capture::State::kActive ? stream->capture.id : 0;
  Operation operation;
  operation.kind = "event";
  operation.label = "event record";
  operation.work = [record] {
    record->reached = true;
    record->milliseconds = milliseconds_now();
  };
  cudaError_t error = enqueue(stream, std::move(operation));
  record->position = stream->enqueued;
  if (error == cudaSuccess) {
    event->record = record;
    event->queried = false;
  }
  return error;
}

cudaError_t wait(Stream* stream, const Event& event) {
  const EventRecord* record = event.record.get();
  if (record == nullptr) return cudaSuccess;
  if (is_capturing(stream)) {
    // A graph keeps the order of its capture, so its own events order nothing more.
    if (record->capture == stream->capture.id) return cudaSuccess;
    explain("a capturing stream waits for an event that its capture did not record");
    stream->capture.state = Capture::State::kInvalid;
    return cudaErrorStreamCaptureIsolation;
  }
  if (record->capture != 0) {
    explain(
        "waiting for a captured event would join this stream to the capture, which the "
        "emulation does not do");
    return cudaErrorNotSupported;
  }
  enqueue_wait(stream, record->stream, record->position);
  return cudaSuccess;
}

cudaError_t query(Stream* stream, uint64_t position, bool* asked_before) {
  if (stream->done >= position) return cudaSuccess;
  if (!*asked_before) {
    *asked_before = true;
    return cudaErrorNotReady;
  }
  return synchronize(stream, position);
}

}  // namespace

extern "C" {

LENET_EMU_API cudaError_t cudaStreamCreate(cudaStream_t* stream) {
  return enter({"cudaStreamCreate", cudaErrorMemoryAllocation},
               [&] { return create(stream, cudaStreamDefault); });
}

LENET_EMU_API cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags) {
  return enter({"cudaStreamCreateWithFlags", cudaErrorMemoryAllocation},
               [&] { return create(stream, flags); });
}

LENET_EMU_API cudaError_t cudaStreamDestroy(cudaStream_t handle) {
  return enter({"cudaStreamDestroy", cudaErrorLaunchFailure, false, true}, [&] {
    Stream* stream = handle == nullptr ? nullptr : find_stream(handle);
    if (stream == nullptr || stream->legacy) return cudaErrorInvalidResourceHandle;
    destroy_stream(stream);
    return cudaSuccess;
  });
}

LENET_EMU_API cudaError_t cudaStreamSynchronize(cudaStream_t handle) {
  return enter({"cudaStreamSynchronize", cudaErrorLaunchFailure, false, true}, [&] {
    Stream* stream = find_stream(handle);
    if (stream == nullptr) return cudaErrorInvalidResourceHandle;
    if (is_capturing(stream)) return refuse_in_capture(stream, "cudaStreamSynchronize");
    return synchronize(stream);
  });
}

LENET_EMU_API cudaError_t cudaStreamQuery(cudaStream_t handle) {
  return enter({"cudaStreamQuery", cudaErrorLaunchFailure}, [&] {
    Stream* stream = find_stream(handle);
    if (stream == nullptr) return cudaErrorInvalidResourceHandle;
    if (is_capturing(stream)) return refuse_in_capture(stream, "cudaStreamQuery");
    return query(stream, stream->enqueued, &stream->queried);
  });
}

LENET_EMU_API cudaError_t cudaStreamWaitEvent(cudaStream_t handle, cudaEvent_t event_handle,
                                              unsigned) {
  return enter({"cudaStreamWaitEvent", cudaErrorInvalidResourceHandle}, [&] {
    Stream* stream = find_stream(handle);
    Event* event = find_event(event_handle);
    if (stream == nullptr || event == nullptr) return cudaErrorInvalidResourceHandle;
    return wait(stream, *event);
  });
}

LENET_EMU_API cudaError_t cudaEventCreate(cudaEvent_t* event) {
  return enter({"cudaEventCreate", cudaErrorMemoryAllocation},
               [&] { return create(event, cudaEventDefault); });
}

LENET_EMU_API cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned flags) {
  return enter({"cudaEventCreateWithFlags", cudaErrorMemoryAllocation},
               [&] { return create(event, flags); });
}

LENET_EMU_API cudaError_t cudaEventDestroy(cudaEvent_t handle) {
  return enter({"cudaEventDestroy", cudaErrorLaunchFailure, false, true}, [&] {
    if (find_event(handle) == nullptr) return cudaErrorInvalidResourceHandle;
    events().remove(handle);
    return cudaSuccess;
  });
}

LENET_EMU_API cudaError_t cudaEventRecord(cudaEvent_t event_handle, cudaStream_t handle) {
  return enter({"cudaEventRecord", cudaErrorInvalidResourceHandle}, [&] {
    Stream* stream = find_stream(handle);
    Event* event = find_event(event_handle);
    if (stream == nullptr || event == nullptr) return cudaErrorInvalidResourceHandle;
    return record(event, stream);
  });
}

LENET_EMU_API cudaError_t cudaEventSynchronize(cudaEvent_t handle) {
  return enter({"cudaEventSynchronize", cudaErrorLaunchFailure, false, true}, [&] {
    Event* event = find_event(handle);
    if (event == nullptr) return cudaErrorInvalidResourceHandle;
    if (is_captured(*event)) return cudaErrorCapturedEvent;
    if (event->record == nullptr) return cudaSuccess;
    return synchronize(event->record->stream, event->record->position);
  });
}

LENET_EMU_API cudaError_t cudaEventQuery(cudaEvent_t handle) {
  return enter({"cudaEventQuery", cudaErrorLaunchFailure, true}, [&] {
    Event* event = find_event(handle);
    if (event == nullptr) return cudaErrorInvalidResourceHandle;
    if (is_captured(*event)) return cudaErrorCapturedEvent;
    if (event->record == nullptr) return cudaSuccess;
    return query(event->record->stream, event->record->position, &event->queried);
  });
}

// The host's time between the moments at which the records ran.
LENET_EMU_API cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t from,
                                               cudaEvent_t to) {
  return enter({"cudaEventElapsedTime", cudaErrorInvalidValue}, [&] {
    Event* start = find_event(from);
    Event* end = find_event(to);
    if (start == nullptr || end == nullptr || start->record == nullptr || end->record == nullptr ||
        ((start->flags | end->flags) & cudaEventDisableTiming) != 0) {
      return cudaErrorInvalidResourceHandle;
    }
    if (!start->record->reached || !end->record->reached) return cudaErrorNotReady;
    *milliseconds = static_cast<float>(end->record->milliseconds - start->record->milliseconds);
    return cudaSuccess;
  });
}

}  // extern "C"
