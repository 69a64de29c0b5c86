#include <cmath>
#include <cstring>

#include "tests/fixture.h"
#include "tests/test_launches.h"

namespace lenet::emulation::test {
namespace {

using MemoryTest = StreamTest;

TEST_F(MemoryTest, FreshMemoryIsFullOfNan) {
  for (float value : host_copy(device_array<float>(1000), 1000)) EXPECT_TRUE(std::isnan(value));
}

TEST_F(MemoryTest, CopiesKeepTheirBytes) {
  std::vector<float> values{1, -2, 3};
  float* a = device_array(values);
  float* b = device_array<float>(3);
  EXPECT_OK(cudaMemcpyAsync(b, a, 12, cudaMemcpyDeviceToDevice, stream_));
  EXPECT_OK(cudaStreamSynchronize(stream_));
  EXPECT_EQ(values, host_copy(b, 3));
}

TEST_F(MemoryTest, FillsBytes) {
  int* a = device_array<int>(5);
  EXPECT_OK(cudaMemsetAsync(a, 1, 20, stream_));
  EXPECT_OK(cudaStreamSynchronize(stream_));
  EXPECT_EQ(std::vector<int>(5, 0x01010101), host_copy(a, 5));
}

TEST_F(MemoryTest, AlignmentIsWhatCudaPromisesAndNoMore) {
  auto address = reinterpret_cast<uintptr_t>(device_array<char>(1));
  EXPECT_EQ(0u, address % 256);
  EXPECT_NE(0u, address % 512);
}

TEST_F(MemoryTest, TheHostCannotTouchDeviceMemory) {
  float* a = device_array<float>(4);
  EXPECT_DEATH(a[0] = 1, "host dereference");
  EXPECT_DEATH(std::memcpy(a + 1, a, 4), "host dereference");
}

TEST_F(MemoryTest, TheHostCannotTouchItAfterWorkHasRunEither) {
  float* a = device_array(std::vector<float>{1, 2});
  EXPECT_OK(cudaDeviceSynchronize());
  EXPECT_DEATH(a[0] = 1, "host dereference");
}

TEST_F(MemoryTest, CopiesMustStayInsideOneAllocation) {
  float* a = device_array<float>(4);
  float host[5] = {};
  EXPECT_EQ(cudaErrorInvalidValue, cudaMemcpy(a, host, 17, cudaMemcpyHostToDevice));
  EXPECT_REASON("0 bytes from the start of the live 16 bytes");
  EXPECT_EQ(cudaErrorInvalidValue, cudaMemcpy(a + 1, host, 16, cudaMemcpyHostToDevice));
  EXPECT_EQ(cudaErrorInvalidValue, cudaMemset(a - 1, 0, 4));
}

TEST_F(MemoryTest, TheKindOfACopyMustFitItsPointers) {
  float* a = device_array<float>(4);
  float host[4] = {};
  EXPECT_EQ(cudaErrorInvalidValue, cudaMemcpy(a, host, 16, cudaMemcpyDeviceToHost));
  EXPECT_EQ(cudaErrorInvalidValue, cudaMemcpy(a, host, 16, cudaMemcpyDeviceToDevice));
  EXPECT_EQ(cudaErrorInvalidValue, cudaMemcpy(nullptr, a, 16, cudaMemcpyDeviceToHost));
  EXPECT_EQ(cudaErrorInvalidMemcpyDirection,
            cudaMemcpy(a, host, 16, static_cast<cudaMemcpyKind>(9)));
  EXPECT_OK(cudaMemcpy(a, host, 16, cudaMemcpyDefault));
}

TEST_F(MemoryTest, FreedMemoryIsGone) {
  float* a = device_array<float>(4);
  EXPECT_OK(cudaFree(a));
  forget(a);
  EXPECT_EQ(cudaErrorInvalidValue, cudaFree(a));
  EXPECT_REASON("freed 16 bytes");
  EXPECT_EQ(cudaErrorInvalidValue, cudaMemset(a, 0, 4));
  EXPECT_NE(a, device_array<float>(4)) << "addresses are never used twice";
  EXPECT_DEATH(a[0] = 1, "host dereference");
}

TEST_F(MemoryTest, OnlyTheStartOfAnAllocationCanBeFreed) {
  float* a = device_array<float>(4);
  EXPECT_EQ(cudaErrorInvalidValue, cudaFree(a + 1));
  float host;
  EXPECT_EQ(cudaErrorInvalidValue, cudaFree(&host));
  EXPECT_OK(cudaFree(nullptr));
}

TEST_F(MemoryTest, AWriteBeyondTheEndIsFoundAtTheSynchronisation) {
  float* a = device_array<float>(4);
  EXPECT_OK(launch_poke(stream_, a, 4));
  EXPECT_EQ(cudaErrorIllegalAddress, cudaStreamSynchronize(stream_));
  EXPECT_NE(nullptr,
            std::strstr(lenet_emu_last_violation(), "16 bytes from the start of the live"));
}

TEST_F(MemoryTest, AWriteBeforeTheBeginningToo) {
  EXPECT_OK(launch_poke(stream_, device_array<float>(4), -1));
  EXPECT_EQ(cudaErrorIllegalAddress, cudaStreamSynchronize(stream_));
}

TEST_F(MemoryTest, AFarWriteFaults) {
  EXPECT_OK(launch_poke(stream_, device_array<float>(4), 1 << 20));
  EXPECT_EQ(cudaErrorIllegalAddress, cudaStreamSynchronize(stream_));
  EXPECT_NE(nullptr, std::strstr(lenet_emu_last_violation(), "poke"));
  EXPECT_NE(nullptr, std::strstr(lenet_emu_last_violation(), "touched an address it must not"));
}

TEST_F(MemoryTest, AKernelThatDereferencesHostMemoryInDeviceDataFaults) {
  float** table = device_array(std::vector<float*>{nullptr});
  EXPECT_OK(launch_poke_indirectly(stream_, table));
  EXPECT_EQ(cudaErrorIllegalAddress, cudaStreamSynchronize(stream_));
}

TEST_F(MemoryTest, AKernelCannotReachAnotherDevicesMemory) {
  EXPECT_OK(cudaSetDevice(1));
  float* other = device_array<float>(4);
  EXPECT_OK(cudaSetDevice(0));
  EXPECT_EQ(cudaErrorInvalidValue, launch_poke(stream_, other, 0));
  float** table = device_array(std::vector<float*>{other});
  EXPECT_OK(launch_poke_indirectly(stream_, table));
  EXPECT_EQ(cudaErrorIllegalAddress, cudaStreamSynchronize(stream_));
}

TEST_F(MemoryTest, ALostContextStaysLost) {
  EXPECT_OK(launch_poke(stream_, device_array<float>(4), 4));
  EXPECT_EQ(cudaErrorIllegalAddress, cudaStreamSynchronize(stream_));
  EXPECT_EQ(cudaErrorIllegalAddress, cudaStreamSynchronize(stream_));
  void* pointer;
  EXPECT_EQ(cudaErrorIllegalAddress, cudaMalloc(&pointer, 4));
  EXPECT_EQ(cudaErrorIllegalAddress, cudaGetLastError());
  EXPECT_EQ(cudaErrorIllegalAddress, cudaGetLastError());
}

TEST_F(MemoryTest, FreeingWhatPendingWorkUsesIsAViolation) {
  float *a = device_array<float>(4), *b = device_array<float>(4);
  float host[4] = {1, 2, 3, 4};
  EXPECT_OK(cudaMemcpyAsync(a, host, 16, cudaMemcpyHostToDevice, stream_));
  EXPECT_OK(cudaFree(b)) << "nothing uses it";
  forget(b);
  EXPECT_EQ(1u, lenet_emu_pending());
  EXPECT_EQ(cudaErrorIllegalAddress, cudaFree(a));
  forget(a);
  EXPECT_NE(nullptr, std::strstr(lenet_emu_last_violation(), "copy host_to_device 16 bytes"));
}

// What a kernel reaches through device memory shows only when it runs.
TEST_F(MemoryTest, FreeingDoesNotWait) {
  float* a = device_array<float>(4);
  float** table = device_array(std::vector<float*>{a});
  EXPECT_OK(launch_poke_indirectly(stream_, table));
  EXPECT_OK(cudaFree(a));
  forget(a);
  EXPECT_EQ(cudaErrorIllegalAddress, cudaStreamSynchronize(stream_));
  EXPECT_NE(nullptr, std::strstr(lenet_emu_last_violation(), "touched an address it must not"));
}

TEST_F(MemoryTest, TheDeviceFillsUp) {
  lenet_emu_set("LENET_EMU_MEMORY", "1000000");
  void* pointer;
  EXPECT_EQ(cudaErrorMemoryAllocation, cudaMalloc(&pointer, 1000001));
  EXPECT_EQ(nullptr, pointer);
  size_t available, total;
  device_array<char>(400000);
  EXPECT_OK(cudaMemGetInfo(&available, &total));
  EXPECT_EQ(600000u, available);
  EXPECT_EQ(1000000u, total);
  EXPECT_EQ(cudaErrorMemoryAllocation, cudaMalloc(&pointer, 600001));
  EXPECT_OK(cudaMalloc(&pointer, 600000));
  EXPECT_OK(cudaFree(pointer));
  lenet_emu_set("LENET_EMU_MEMORY", nullptr);
}

TEST_F(MemoryTest, PageLockedMemoryIsHostMemory) {
  float* host = nullptr;
  EXPECT_OK(cudaMallocHost(reinterpret_cast<void**>(&host), 8));
  host[0] = 5;
  EXPECT_EQ(1u, lenet_emu_live("host_allocations"));
  EXPECT_EQ(cudaErrorInvalidValue, cudaFreeHost(host + 1));
  EXPECT_OK(cudaFreeHost(host));
  EXPECT_EQ(cudaErrorInvalidValue, cudaFreeHost(host));
}

TEST_F(MemoryTest, LeaksAreReported) {
  void* pointer;
  EXPECT_OK(cudaMalloc(&pointer, 4));
  EXPECT_STREQ("device_allocations 1\nstreams 1", lenet_emu_live_report());
  EXPECT_OK(cudaFree(pointer));
}

}  // namespace
}  // namespace lenet::emulation::test
