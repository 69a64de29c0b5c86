#include <thread>

#include "tests/fixture.h"
#include "tests/test_launches.h"

namespace lenet::emulation::test {
namespace {

class GraphTest : public StreamTest {
 protected:
  void SetUp() override {
    StreamTest::SetUp();
    x_ = device_array(std::vector<float>{1, 2, 3, 4});
    y_ = device_array(std::vector<float>{0, 0, 0, 0});
  }

  void begin() { ASSERT_OK(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeThreadLocal)); }

  // After something that broke the capture.
  void expect_invalidated() {
    cudaGraph_t graph;
    EXPECT_EQ(cudaErrorStreamCaptureInvalidated, cudaStreamEndCapture(stream_, &graph));
    EXPECT_EQ(nullptr, graph);
  }

  cudaError_t add() { return launch_axpy(1, 4, stream_, 4, 1, x_, y_); }

  float* x_ = nullptr;
  float* y_ = nullptr;
};

TEST_F(GraphTest, AGraphIsCapturedOnceAndReplayed) {
  begin();
  EXPECT_OK(add());
  EXPECT_OK(add());
  cudaGraph_t graph;
  EXPECT_OK(cudaStreamEndCapture(stream_, &graph));
  size_t nodes = 0;
  EXPECT_OK(cudaGraphGetNodes(graph, nullptr, &nodes));
  EXPECT_EQ(2u, nodes);
  EXPECT_EQ(0u, lenet_emu_pending()) << "a capture runs nothing";
  cudaGraphExec_t exec;
  EXPECT_OK(cudaGraphInstantiate(&exec, graph, 0));
  EXPECT_OK(cudaGraphDestroy(graph));
  lenet_emu_ledger_reset();
  for (int i = 0; i < 3; i++) EXPECT_OK(cudaGraphLaunch(exec, stream_));
  EXPECT_EQ(6u, lenet_emu_pending());
  EXPECT_OK(cudaStreamSynchronize(stream_));
  EXPECT_EQ((std::vector<float>{6, 12, 18, 24}), host_copy(y_, 4));
  EXPECT_EQ(3u, lenet_emu_ledger_get("graph.launches"));
  EXPECT_EQ(6u, lenet_emu_ledger_get("graph.nodes"));
  EXPECT_EQ(6u, lenet_emu_ledger_get("replayed.kernel"));
  EXPECT_EQ(0u, lenet_emu_ledger_get("enqueued.kernel"));
  EXPECT_OK(cudaGraphExecDestroy(exec));
  EXPECT_EQ(cudaErrorInvalidValue, cudaGraphLaunch(exec, stream_));
}

TEST_F(GraphTest, WhatGoesThroughTheHostBreaksACapture) {
  float host[4];
  void* pointer;
  auto expect_refused = [&](auto call) {
    begin();
    EXPECT_EQ(cudaErrorStreamCaptureUnsupported, call());
    EXPECT_EQ(cudaErrorStreamCaptureInvalidated, add()) << "nothing more is captured";
    expect_invalidated();
    cudaGetLastError();
  };
  expect_refused([&] { return cudaStreamSynchronize(stream_); });
  expect_refused([&] { return cudaStreamQuery(stream_); });
  expect_refused([&] { return cudaDeviceSynchronize(); });
  expect_refused([&] { return cudaMalloc(&pointer, 4); });
  expect_refused([&] { return cudaMallocHost(&pointer, 4); });
  expect_refused([&] { return cudaMemcpy(host, x_, 16, cudaMemcpyDeviceToHost); });
  expect_refused([&] { return cudaMemset(x_, 0, 16); });
}

TEST_F(GraphTest, AFailedEndStillEnds) {
  begin();
  EXPECT_OK(add());
  lenet_emu_fail("cudaStreamEndCapture", 1, 0);
  expect_invalidated();
  cudaGetLastError();
  EXPECT_OK(add()) << "the stream works as before";
  EXPECT_OK(cudaStreamSynchronize(stream_));
  EXPECT_EQ((std::vector<float>{1, 2, 3, 4}), host_copy(y_, 4)) << "the captured one never ran";
}

TEST_F(GraphTest, OtherThreadsAreFreeMeanwhile) {
  begin();
  cudaError_t error = cudaErrorUnknown;
  std::thread([&] {
    void* pointer;
    error = cudaMalloc(&pointer, 4);
    if (error == cudaSuccess) error = cudaFree(pointer);
  }).join();
  EXPECT_OK(error);
  EXPECT_OK(add());
  cudaGraph_t graph;
  EXPECT_OK(cudaStreamEndCapture(stream_, &graph));
  EXPECT_OK(cudaGraphDestroy(graph));
}

TEST_F(GraphTest, ButMayNotEndTheCapture) {
  begin();
  cudaGraph_t graph;
  cudaError_t error = cudaSuccess;
  std::thread([&] { error = cudaStreamEndCapture(stream_, &graph); }).join();
  EXPECT_EQ(cudaErrorStreamCaptureWrongThread, error);
  EXPECT_OK(cudaStreamEndCapture(stream_, &graph));
  EXPECT_OK(cudaGraphDestroy(graph));
}

TEST_F(GraphTest, ACaptureCanDependOnItsOwnEventsOnly) {
  cudaEvent_t inside, outside;
  EXPECT_OK(cudaEventCreate(&inside));
  EXPECT_OK(cudaEventCreate(&outside));
  EXPECT_OK(cudaEventRecord(outside, stream_));
  begin();
  EXPECT_OK(cudaEventRecord(inside, stream_));
  EXPECT_OK(cudaStreamWaitEvent(stream_, inside, 0));
  EXPECT_EQ(cudaErrorCapturedEvent, cudaEventSynchronize(inside));
  EXPECT_EQ(cudaErrorStreamCaptureIsolation, cudaStreamWaitEvent(stream_, outside, 0));
  expect_invalidated();
  EXPECT_OK(cudaEventDestroy(inside));
  EXPECT_OK(cudaEventDestroy(outside));
  EXPECT_OK(cudaStreamSynchronize(stream_));
}

TEST_F(GraphTest, TheLegacyStreamCannotBeCaptured) {
  EXPECT_EQ(cudaErrorStreamCaptureUnsupported,
            cudaStreamBeginCapture(nullptr, cudaStreamCaptureModeThreadLocal));
  cudaGraph_t graph;
  EXPECT_EQ(cudaErrorIllegalState, cudaStreamEndCapture(stream_, &graph));
  begin();
  EXPECT_EQ(cudaErrorIllegalState,
            cudaStreamBeginCapture(stream_, cudaStreamCaptureModeThreadLocal));
  EXPECT_OK(cudaStreamEndCapture(stream_, &graph));
  EXPECT_OK(cudaGraphDestroy(graph));
}

TEST_F(GraphTest, TheLegacyStreamMustNotWaitForACapturingStream) {
  cudaStream_t blocking;
  EXPECT_OK(cudaStreamCreate(&blocking));
  EXPECT_OK(cudaStreamBeginCapture(blocking, cudaStreamCaptureModeRelaxed));
  EXPECT_EQ(cudaErrorStreamCaptureImplicit, cudaMemsetAsync(x_, 0, 16, nullptr));
  cudaGraph_t graph;
  EXPECT_EQ(cudaErrorStreamCaptureInvalidated, cudaStreamEndCapture(blocking, &graph));
  EXPECT_OK(cudaStreamDestroy(blocking));
}

TEST_F(GraphTest, AGraphWhoseMemoryWasFreedIsRefused) {
  float* z = device_array<float>(4);
  begin();
  EXPECT_OK(launch_axpy(1, 4, stream_, 4, 1, x_, z));
  cudaGraph_t graph;
  EXPECT_OK(cudaStreamEndCapture(stream_, &graph));
  cudaGraphExec_t exec;
  EXPECT_OK(cudaGraphInstantiate(&exec, graph, 0));
  EXPECT_OK(cudaFree(z));
  forget(z);
  EXPECT_EQ(cudaErrorInvalidValue, cudaGraphLaunch(exec, stream_));
  EXPECT_REASON("freed");
  EXPECT_OK(cudaGraphDestroy(graph));
  EXPECT_OK(cudaGraphExecDestroy(exec));
}

TEST_F(GraphTest, ACapturedHostCopyIsCountedAtEveryReplay) {
  static const float host[4] = {5, 6, 7, 8};
  begin();
  EXPECT_OK(cudaMemcpyAsync(x_, host, 16, cudaMemcpyHostToDevice, stream_));
  cudaGraph_t graph;
  EXPECT_OK(cudaStreamEndCapture(stream_, &graph));
  cudaGraphExec_t exec;
  EXPECT_OK(cudaGraphInstantiate(&exec, graph, 0));
  lenet_emu_ledger_reset();
  EXPECT_OK(cudaGraphLaunch(exec, stream_));
  EXPECT_OK(cudaGraphLaunch(exec, stream_));
  EXPECT_EQ(2u, lenet_emu_ledger_get("copies.host_to_device"));
  EXPECT_EQ(32u, lenet_emu_ledger_get("bytes.host_to_device"));
  EXPECT_OK(cudaStreamSynchronize(stream_));
  EXPECT_OK(cudaGraphDestroy(graph));
  EXPECT_OK(cudaGraphExecDestroy(exec));
}

}  // namespace
}  // namespace lenet::emulation::test
