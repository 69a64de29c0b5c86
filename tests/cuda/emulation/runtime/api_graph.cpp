// Capture of a stream into a graph, and the graph's life. Capturing several streams into one graph
// is refused: lenet's step is one chain.
#include "runtime/context.h"
#include "runtime/hooks.h"
#include "runtime/streams.h"

using namespace lenet::emulation;

namespace {

void (*capture_callback)() = nullptr;

cudaError_t begin(Stream* stream, cudaStreamCaptureMode mode) {
  Capture& capture = stream->capture;
  if (stream->legacy || capture.state != Capture::State::kNone) {
    explain("the legacy default stream, or one that captures already, cannot begin a capture");
    return stream->legacy ? cudaErrorStreamCaptureUnsupported : cudaErrorIllegalState;
  }
  static uint64_t last_id = 0;
  capture = {Capture::State::kActive, mode, std::this_thread::get_id(), ++last_id, {}};
  return cudaSuccess;
}

cudaError_t end(Stream* stream, cudaGraph_t* handle) {
  Capture& capture = stream->capture;
  if (handle == nullptr) return cudaErrorInvalidValue;
  if (capture.state == Capture::State::kNone) {
    explain("the stream does not capture");
    return cudaErrorIllegalState;
  }
  if (capture.mode != cudaStreamCaptureModeRelaxed &&
      capture.thread != std::this_thread::get_id()) {
    explain("another thread began the capture");
    return cudaErrorStreamCaptureWrongThread;
  }
  bool valid = capture.state == Capture::State::kActive;
  auto graph = std::make_unique<Graph>();
  graph->operations = std::move(capture.operations);
  capture = {};
  if (!valid) return cudaErrorStreamCaptureInvalidated;
  *handle = reinterpret_cast<cudaGraph_t>(graphs().add(std::move(graph)));
  return cudaSuccess;
}

cudaError_t instantiate(cudaGraphExec_t* handle, cudaGraph_t graph_handle) {
  Graph* graph = graphs().find(graph_handle);
  if (handle == nullptr || graph == nullptr) {
    explain("not a live graph");
    return cudaErrorInvalidValue;
  }
  auto exec = std::make_unique<GraphExec>();
  exec->device = current_device();
  exec->operations = std::make_shared<const std::vector<SharedOperation>>(graph->operations);
  *handle = reinterpret_cast<cudaGraphExec_t>(graph_execs().add(std::move(exec)));
  return cudaSuccess;
}

cudaError_t launch(GraphExec* exec, Stream* stream) {
  if (stream->capture.state != Capture::State::kNone) {
    explain("the emulation does not capture graphs within graphs");
    return cudaErrorNotSupported;
  }
  if (stream->device != exec->device) {
    explain("the graph belongs to another device than the stream");
    return cudaErrorInvalidResourceHandle;
  }
  return enqueue_graph(stream, *exec);
}

}  // namespace

extern "C" {

LENET_EMU_API cudaError_t cudaStreamBeginCapture(cudaStream_t handle, cudaStreamCaptureMode mode) {
  cudaError_t error = enter({"cudaStreamBeginCapture", cudaErrorNotSupported}, [&] {
    Stream* stream = find_stream(handle);
    return stream == nullptr ? cudaErrorInvalidResourceHandle : begin(stream, mode);
  });
  if (error == cudaSuccess && capture_callback != nullptr) capture_callback();
  return error;
}

// A failed end ends the capture as well, but gives no graph.
LENET_EMU_API cudaError_t cudaStreamEndCapture(cudaStream_t handle, cudaGraph_t* graph) {
  auto guard = lock();
  Call call{"cudaStreamEndCapture", cudaErrorStreamCaptureInvalidated, false, true};
  if (graph != nullptr) *graph = nullptr;
  cudaError_t error = enter(call, [&] {
    Stream* stream = find_stream(handle);
    return stream == nullptr ? cudaErrorInvalidResourceHandle : end(stream, graph);
  });
  if (error != cudaSuccess && graph != nullptr && graphs().find(*graph) != nullptr) {
    graphs().remove(*graph);
    *graph = nullptr;
  }
  return error;
}

LENET_EMU_API cudaError_t cudaStreamIsCapturing(cudaStream_t handle,
                                                cudaStreamCaptureStatus* status) {
  return enter({"cudaStreamIsCapturing", cudaErrorInvalidValue}, [&] {
    Stream* stream = find_stream(handle);
    if (stream == nullptr) return cudaErrorInvalidResourceHandle;
    static const cudaStreamCaptureStatus kStatus[] = {cudaStreamCaptureStatusNone,
                                                      cudaStreamCaptureStatusActive,
                                                      cudaStreamCaptureStatusInvalidated};
    *status = kStatus[static_cast<int>(stream->capture.state)];
    return cudaSuccess;
  });
}

LENET_EMU_API cudaError_t cudaGraphInstantiate(cudaGraphExec_t* exec, cudaGraph_t graph,
                                               unsigned long long flags) {
  return enter({"cudaGraphInstantiate", cudaErrorMemoryAllocation},
               [&] { return flags != 0 ? cudaErrorNotSupported : instantiate(exec, graph); });
}

LENET_EMU_API cudaError_t cudaGraphUpload(cudaGraphExec_t exec, cudaStream_t stream) {
  return enter({"cudaGraphUpload", cudaErrorInvalidValue}, [&] {
    bool valid = graph_execs().find(exec) != nullptr && find_stream(stream) != nullptr;
    return valid ? cudaSuccess : cudaErrorInvalidValue;
  });
}

LENET_EMU_API cudaError_t cudaGraphLaunch(cudaGraphExec_t handle, cudaStream_t stream_handle) {
  return enter({"cudaGraphLaunch", cudaErrorLaunchFailure}, [&] {
    GraphExec* exec = graph_execs().find(handle);
    Stream* stream = find_stream(stream_handle);
    if (exec == nullptr || stream == nullptr) {
      explain("not a live graph or stream");
      return exec == nullptr ? cudaErrorInvalidValue : cudaErrorInvalidResourceHandle;
    }
    return launch(exec, stream);
  });
}

LENET_EMU_API cudaError_t cudaGraphGetNodes(cudaGraph_t handle, cudaGraphNode_t* nodes,
                                            size_t* count) {
  return enter({"cudaGraphGetNodes", cudaErrorInvalidValue}, [&] {
    Graph* graph = graphs().find(handle);
    if (graph == nullptr || count == nullptr || nodes != nullptr) {
      explain("not a live graph; or its nodes were asked for, of which only the number is known");
      return cudaErrorInvalidValue;
    }
    *count = graph->operations.size();
    return cudaSuccess;
  });
}

LENET_EMU_API cudaError_t cudaGraphDestroy(cudaGraph_t handle) {
  return enter({"cudaGraphDestroy", cudaErrorLaunchFailure, false, true}, [&] {
    if (graphs().find(handle) == nullptr) return cudaErrorInvalidValue;
    graphs().remove(handle);
    return cudaSuccess;
  });
}

LENET_EMU_API cudaError_t cudaGraphExecDestroy(cudaGraphExec_t handle) {
  return enter({"cudaGraphExecDestroy", cudaErrorLaunchFailure, false, true}, [&] {
    if (graph_execs().find(handle) == nullptr) return cudaErrorInvalidValue;
    graph_execs().remove(handle);
    return cudaSuccess;
  });
}

}  // extern "C"

void lenet_emu_on_capture(void (*callback)(void)) { capture_callback = callback; }
