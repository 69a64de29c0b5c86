// What the emulation's tests share: a clean emulation before each test, nothing left after it.
#pragma once

#include <cuda_runtime_api.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "runtime/hooks.h"

#define EXPECT_OK(call) EXPECT_EQ(cudaSuccess, (call)) << lenet_emu_last_rejection()
#define ASSERT_OK(call) ASSERT_EQ(cudaSuccess, (call)) << lenet_emu_last_rejection()
#define EXPECT_REASON(text)                                                        \
  EXPECT_NE(std::string::npos, std::string(lenet_emu_last_rejection()).find(text)) \
      << lenet_emu_last_rejection()

namespace lenet::emulation::test {

class EmulationTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_STREQ("", lenet_emu_live_report());
    cudaSetDevice(0);
    lenet_emu_ledger_reset();
    cudaGetLastError();
  }

  void TearDown() override {
    lenet_emu_fail("any", 0, 0);
    lenet_emu_set("LENET_EMU_ORDER", nullptr);
    lenet_emu_recover();
    for (int device : {1, 0}) {
      EXPECT_OK(cudaSetDevice(device));
      cudaDeviceSynchronize();  // of what the test has left in streams
    }
    lenet_emu_recover();
    for (void* pointer : allocations_) cudaFree(pointer);
    EXPECT_STREQ("", lenet_emu_live_report());
    lenet_emu_recover();
  }

  // Freed after the test.
  template <class T>
  T* device_array(size_t count) {
    void* pointer = nullptr;
    EXPECT_OK(cudaMalloc(&pointer, count * sizeof(T)));
    allocations_.push_back(pointer);
    return static_cast<T*>(pointer);
  }

  template <class T>
  T* device_array(const std::vector<T>& values) {
    T* pointer = device_array<T>(values.size());
    EXPECT_OK(
        cudaMemcpy(pointer, values.data(), values.size() * sizeof(T), cudaMemcpyHostToDevice));
    return pointer;
  }

  // For tests that free an array themselves.
  void forget(void* pointer) {
    for (void*& allocation : allocations_) {
      if (allocation == pointer) allocation = nullptr;
    }
  }

  template <class T>
  static std::vector<T> host_copy(const T* pointer, size_t count) {
    std::vector<T> values(count);
    EXPECT_OK(cudaMemcpy(values.data(), pointer, count * sizeof(T), cudaMemcpyDeviceToHost));
    return values;
  }

 private:
  std::vector<void*> allocations_;
};

class StreamTest : public EmulationTest {
 protected:
  void SetUp() override {
    EmulationTest::SetUp();
    ASSERT_OK(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking));
  }

  void TearDown() override {
    cudaStreamDestroy(stream_);
    EmulationTest::TearDown();
  }

  cudaStream_t stream_ = nullptr;
};

}  // namespace lenet::emulation::test
