#include "tests/fixture.h"
#include "tests/test_launches.h"

namespace lenet::emulation::test {
namespace {

class QueueTest : public StreamTest {
 protected:
  void SetUp() override {
    StreamTest::SetUp();
    ASSERT_OK(cudaStreamCreateWithFlags(&other_, cudaStreamNonBlocking));
    device_ = device_array<int>(1);
  }

  void TearDown() override {
    cudaStreamDestroy(other_);
    StreamTest::TearDown();
  }

  // The value must live until the stream is synchronised.
  void set(cudaStream_t stream, const int* value) {
    EXPECT_OK(cudaMemcpyAsync(device_, value, sizeof(int), cudaMemcpyHostToDevice, stream));
  }

  void get(cudaStream_t stream, int* value) {
    EXPECT_OK(cudaMemcpyAsync(value, device_, sizeof(int), cudaMemcpyDeviceToHost, stream));
  }

  cudaStream_t other_ = nullptr;
  int* device_ = nullptr;
  int one_ = 1, two_ = 2, seen_ = -1;
};

TEST_F(QueueTest, NothingRunsBeforeASynchronisation) {
  set(stream_, &one_);
  get(stream_, &seen_);
  EXPECT_EQ(-1, seen_);
  EXPECT_EQ(2u, lenet_emu_pending());
  EXPECT_OK(cudaStreamSynchronize(stream_));
  EXPECT_EQ(1, seen_);
  EXPECT_EQ(0u, lenet_emu_pending());
}

TEST_F(QueueTest, AFailedSynchronisationHasWaitedToo) {
  set(stream_, &one_);
  lenet_emu_fail("cudaStreamSynchronize", 1, 0);
  EXPECT_EQ(cudaErrorLaunchFailure, cudaStreamSynchronize(stream_));
  EXPECT_EQ(0u, lenet_emu_pending());
}

TEST_F(QueueTest, HostBuffersAreReadLate) {
  set(stream_, &one_);
  get(stream_, &seen_);
  one_ = 7;  // the mistake of a host that reuses its buffer too early
  EXPECT_OK(cudaStreamSynchronize(stream_));
  EXPECT_EQ(7, seen_);
}

TEST_F(QueueTest, AStreamKeepsItsOrder) {
  set(stream_, &one_);
  set(stream_, &two_);
  get(stream_, &seen_);
  EXPECT_OK(cudaStreamSynchronize(stream_));
  EXPECT_EQ(2, seen_);
}

TEST_F(QueueTest, OneStreamDoesNotWaitForAnother) {
  set(stream_, &one_);
  get(other_, &seen_);
  EXPECT_OK(cudaStreamSynchronize(other_));
  EXPECT_NE(1, seen_);
  EXPECT_EQ(1u, lenet_emu_pending());
  EXPECT_OK(cudaDeviceSynchronize());
  EXPECT_EQ(0u, lenet_emu_pending());
}

TEST_F(QueueTest, UnlessAnEventSaysSo) {
  cudaEvent_t event;
  EXPECT_OK(cudaEventCreateWithFlags(&event, cudaEventDisableTiming));
  set(stream_, &one_);
  EXPECT_OK(cudaEventRecord(event, stream_));
  set(stream_, &two_);
  EXPECT_OK(cudaStreamWaitEvent(other_, event, 0));
  get(other_, &seen_);
  EXPECT_OK(cudaStreamSynchronize(other_));
  EXPECT_EQ(1, seen_) << "the wait is for the event, not for what came after it";
  EXPECT_OK(cudaEventDestroy(event));
}

TEST_F(QueueTest, EventsCanBeSynchronisedAndTimed) {
  cudaEvent_t start, end;
  EXPECT_OK(cudaEventCreate(&start));
  EXPECT_OK(cudaEventCreate(&end));
  EXPECT_OK(cudaEventSynchronize(start)) << "never recorded";
  EXPECT_OK(cudaEventRecord(start, stream_));
  set(stream_, &one_);
  EXPECT_OK(cudaEventRecord(end, stream_));
  get(stream_, &seen_);
  float milliseconds = -1;
  EXPECT_EQ(cudaErrorNotReady, cudaEventElapsedTime(&milliseconds, start, end));
  EXPECT_OK(cudaEventSynchronize(end));
  EXPECT_EQ(1u, lenet_emu_pending()) << "the copy after the event";
  EXPECT_OK(cudaEventElapsedTime(&milliseconds, start, end));
  EXPECT_GE(milliseconds, 0);
  EXPECT_OK(cudaEventDestroy(start));
  EXPECT_OK(cudaEventDestroy(end));
  EXPECT_EQ(cudaErrorInvalidResourceHandle, cudaEventRecord(end, stream_));
}

TEST_F(QueueTest, PollingFindsWorkUnfinishedFirst) {
  set(stream_, &one_);
  EXPECT_EQ(cudaErrorNotReady, cudaStreamQuery(stream_));
  EXPECT_OK(cudaStreamQuery(stream_));
  EXPECT_EQ(0u, lenet_emu_pending());
}

TEST_F(QueueTest, ABlockingCopyDoesNotWaitForANonBlockingStream) {
  set(stream_, &one_);
  EXPECT_OK(cudaMemcpy(&seen_, device_, sizeof(int), cudaMemcpyDeviceToHost));
  EXPECT_NE(1, seen_);
  EXPECT_EQ(1u, lenet_emu_pending());
}

TEST_F(QueueTest, ABlockingCopyWaitsForABlockingStream) {
  cudaStream_t blocking;
  EXPECT_OK(cudaStreamCreate(&blocking));
  set(blocking, &one_);
  EXPECT_OK(cudaMemcpy(&seen_, device_, sizeof(int), cudaMemcpyDeviceToHost));
  EXPECT_EQ(1, seen_);
  EXPECT_OK(cudaStreamDestroy(blocking));
}

TEST_F(QueueTest, ABlockingStreamWaitsForTheLegacyStream) {
  cudaStream_t blocking;
  EXPECT_OK(cudaStreamCreate(&blocking));
  set(nullptr, &one_);
  get(blocking, &seen_);
  EXPECT_OK(cudaStreamSynchronize(blocking));
  EXPECT_EQ(1, seen_);
  EXPECT_OK(cudaStreamDestroy(blocking));
}

TEST_F(QueueTest, ADestroyedStreamStillDoesItsWork) {
  cudaStream_t stream;
  EXPECT_OK(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
  get(stream, &seen_);
  EXPECT_OK(cudaStreamDestroy(stream));
  EXPECT_EQ(cudaErrorInvalidResourceHandle, cudaStreamSynchronize(stream));
  EXPECT_EQ(cudaErrorInvalidResourceHandle, cudaStreamDestroy(stream));
  EXPECT_OK(cudaDeviceSynchronize());
  EXPECT_EQ(0u, lenet_emu_pending());
}

TEST_F(QueueTest, DevicesAreSynchronisedApart) {
  set(stream_, &one_);
  EXPECT_OK(cudaSetDevice(1));
  EXPECT_OK(cudaDeviceSynchronize());
  EXPECT_EQ(1u, lenet_emu_pending());
  EXPECT_OK(cudaStreamSynchronize(stream_)) << "a stream can be waited for from any device";
}

TEST_F(QueueTest, AStreamOfAnotherDeviceCannotRunAKernel) {
  float* values = device_array<float>(1);
  EXPECT_OK(cudaSetDevice(1));
  EXPECT_EQ(cudaErrorInvalidResourceHandle, launch_poke(stream_, values, 0));
  EXPECT_REASON("another device");
}

TEST_F(QueueTest, TheLedgerCountsCopiesAndSynchronisations) {
  set(stream_, &one_);
  get(stream_, &seen_);
  get(stream_, &seen_);
  EXPECT_OK(cudaStreamSynchronize(stream_));
  EXPECT_EQ(1u, lenet_emu_ledger_get("copies.host_to_device"));
  EXPECT_EQ(4u, lenet_emu_ledger_get("bytes.host_to_device"));
  EXPECT_EQ(2u, lenet_emu_ledger_get("copies.device_to_host"));
  EXPECT_EQ(8u, lenet_emu_ledger_get("bytes.device_to_host"));
  EXPECT_EQ(3u, lenet_emu_ledger_get("enqueued.copy"));
  EXPECT_EQ(1u, lenet_emu_ledger_get("synchronisations"));
  EXPECT_EQ(3u, lenet_emu_ledger_get("calls.cudaMemcpyAsync"));
  lenet_emu_ledger_reset();
  EXPECT_EQ(0u, lenet_emu_ledger_get("enqueued.copy"));
}

}  // namespace
}  // namespace lenet::emulation::test
