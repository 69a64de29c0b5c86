#include <algorithm>
#include <numeric>

#include "tests/fixture.h"
#include "tests/test_launches.h"

namespace lenet::emulation::test {
namespace {

class LaunchTest : public StreamTest {
 protected:
  // The order in which the threads of one launch ran: rank by thread.
  std::vector<int> ranks(const char* order, unsigned blocks, unsigned threads) {
    lenet_emu_set("LENET_EMU_ORDER", order);
    int* next = device_array(std::vector<int>{0});
    int* rank = device_array<int>(blocks * threads);
    EXPECT_OK(launch_take_ranks(blocks, threads, stream_, next, rank));
    EXPECT_OK(cudaStreamSynchronize(stream_));
    return host_copy(rank, blocks * threads);
  }
};

TEST_F(LaunchTest, NvccsLaunchRunsTheHostCompiledKernel) {
  float* x = device_array(std::vector<float>{1, 2, 3, 4, 5});
  float* y = device_array(std::vector<float>{10, 20, 30, 40, 50});
  EXPECT_OK(launch_axpy(3, 2, stream_, 5, 2, x, y));
  EXPECT_OK(cudaStreamSynchronize(stream_));
  EXPECT_EQ((std::vector<float>{12, 24, 36, 48, 60}), host_copy(y, 5));
  EXPECT_EQ(1u, lenet_emu_ledger_get("enqueued.kernel"));
}

TEST_F(LaunchTest, ArgumentsAreCopiedAtTheLaunch) {
  float* values = device_array(std::vector<float>{1, 2, 3, 4, 5, 6});
  float factor = 3;
  EXPECT_OK(launch_scale_rows(2, 3, stream_, values, factor));
  factor = 100;
  EXPECT_OK(cudaStreamSynchronize(stream_));
  EXPECT_EQ((std::vector<float>{3, 6, 9, 12, 15, 18}), host_copy(values, 6));
}

TEST_F(LaunchTest, BlocksAndThreadsRunForwardReversedAndShuffled) {
  std::vector<int> forward(24);
  std::iota(forward.begin(), forward.end(), 0);
  EXPECT_EQ(forward, ranks("forward", 4, 6));
  std::vector<int> reverse(forward.rbegin(), forward.rend());
  EXPECT_EQ(reverse, ranks("reverse", 4, 6));
  std::vector<int> shuffled = ranks("shuffle:1", 4, 6);
  EXPECT_NE(forward, shuffled);
  EXPECT_NE(reverse, shuffled);
  EXPECT_NE(shuffled, ranks("shuffle:2", 4, 6));
  std::sort(shuffled.begin(), shuffled.end());
  EXPECT_EQ(forward, shuffled) << "every thread exactly once";
}

TEST_F(LaunchTest, GridAndBlockHaveLimits) {
  float* x = device_array<float>(4);
  for (dim3 block : {dim3(1025), dim3(0), dim3(32, 33), dim3(1, 1, 65)}) {
    EXPECT_EQ(cudaErrorInvalidConfiguration, launch_axpy(1, block, stream_, 0, 0, x, x));
  }
  for (dim3 grid : {dim3(0), dim3(1, 65536), dim3(1, 1, 65536)}) {
    EXPECT_EQ(cudaErrorInvalidConfiguration, launch_axpy(grid, 1, stream_, 0, 0, x, x));
  }
  EXPECT_OK(launch_axpy(1, dim3(32, 32), stream_, 0, 0, x, x));
  EXPECT_OK(cudaStreamSynchronize(stream_));
}

TEST_F(LaunchTest, LaunchBoundsAreEnforced) {
  float* values = device_array<float>(65);
  EXPECT_EQ(cudaErrorLaunchOutOfResources, launch_scale_rows(1, 65, stream_, values, 1));
  EXPECT_REASON("64");
  EXPECT_OK(launch_scale_rows(1, 64, stream_, values, 1));
  EXPECT_OK(cudaStreamSynchronize(stream_));
}

TEST_F(LaunchTest, DynamicSharedMemoryIsRefused) {
  EXPECT_EQ(cudaErrorInvalidValue, launch_with_shared_memory(stream_, 16, device_array<float>(1)));
}

TEST_F(LaunchTest, PointersMustBeDeviceMemoryOrNull) {
  float* x = device_array<float>(4);
  float host[4];
  EXPECT_EQ(cudaErrorInvalidValue, launch_axpy(1, 4, stream_, 4, 1, host, x));
  EXPECT_REASON("no memory of device 0");
  EXPECT_EQ(cudaErrorInvalidValue, launch_axpy(1, 4, stream_, 4, 1, x + 4, x));
  EXPECT_OK(launch_axpy(1, 4, stream_, 0, 1, nullptr, x));
  EXPECT_OK(cudaStreamSynchronize(stream_));
}

TEST_F(LaunchTest, PointersWithinStructsMustBeLive) {
  float* values = device_array<float>(4);
  EXPECT_OK(cudaFree(values));
  forget(values);
  EXPECT_EQ(cudaErrorInvalidValue, launch_scale_rows(1, 4, stream_, values, 1));
  EXPECT_REASON("freed");
}

TEST_F(LaunchTest, TheLastErrorIsKeptOnce) {
  float* x = device_array<float>(4);
  EXPECT_EQ(cudaErrorInvalidConfiguration, launch_axpy(0, 1, stream_, 0, 0, x, x));
  EXPECT_EQ(cudaSuccess, cudaGetLastError());
}

TEST_F(LaunchTest, VectorAccessesWork) {
  float* from = device_array(std::vector<float>{1, 2, 3, 4, 5, 6, 7, 8});
  float* to = device_array<float>(4);
  EXPECT_OK(launch_copy_vector(stream_, from, 4, to));
  EXPECT_OK(cudaStreamSynchronize(stream_));
  EXPECT_EQ((std::vector<float>{5, 6, 7, 8}), host_copy(to, 4));
}

}  // namespace
}  // namespace lenet::emulation::test
