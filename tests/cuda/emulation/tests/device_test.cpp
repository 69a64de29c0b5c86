#include <cstdio>
#include <fstream>
#include <sstream>

#include "tests/fixture.h"

namespace lenet::emulation::test {
namespace {

class DeviceTest : public EmulationTest {
 protected:
  void TearDown() override {
    for (const char* variable : {"LENET_EMU_DRIVER", "LENET_EMU_DEVICES", "LENET_EMU_DEVICE_NAME",
                                 "LENET_EMU_COMPUTE_CAPABILITY"}) {
      lenet_emu_set(variable, nullptr);
    }
    EmulationTest::TearDown();
  }
};

TEST_F(DeviceTest, ThereAreTwoEmulatedDevices) {
  int count = 0;
  EXPECT_OK(cudaGetDeviceCount(&count));
  EXPECT_EQ(2, count);
  cudaDeviceProp properties;
  EXPECT_OK(cudaGetDeviceProperties(&properties, 1));
  EXPECT_STREQ("EMULATED (CPU)", properties.name);
  EXPECT_EQ(9, properties.major);
  EXPECT_EQ(0, properties.minor);
  EXPECT_EQ(1024, properties.maxThreadsPerBlock);
  EXPECT_EQ(cudaErrorInvalidDevice, cudaGetDeviceProperties(&properties, 2));
  EXPECT_EQ(cudaErrorInvalidDevice, cudaSetDevice(2));
  EXPECT_EQ(cudaErrorInvalidDevice, cudaSetDevice(-1));
}

TEST_F(DeviceTest, VariablesChangeThem) {
  lenet_emu_set("LENET_EMU_DEVICES", "5");
  lenet_emu_set("LENET_EMU_COMPUTE_CAPABILITY", "61");
  lenet_emu_set("LENET_EMU_DEVICE_NAME", "Old (CPU)");
  cudaDeviceProp properties;
  EXPECT_OK(cudaGetDeviceProperties(&properties, 4));
  EXPECT_STREQ("Old (CPU)", properties.name);
  int major = 0, minor = 0;
  EXPECT_OK(cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, 4));
  EXPECT_OK(cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, 4));
  EXPECT_EQ(6, major);
  EXPECT_EQ(1, minor);
}

TEST_F(DeviceTest, WithoutADriver) {
  lenet_emu_set("LENET_EMU_DRIVER", "none");
  int count = -1, version = -1;
  EXPECT_EQ(cudaErrorInsufficientDriver, cudaGetDeviceCount(&count));
  EXPECT_OK(cudaDriverGetVersion(&version));
  EXPECT_EQ(0, version);
  EXPECT_OK(cudaRuntimeGetVersion(&version));
  EXPECT_EQ(CUDART_VERSION, version);
  void* pointer;
  EXPECT_EQ(cudaErrorInsufficientDriver, cudaMalloc(&pointer, 4));
}

TEST_F(DeviceTest, WithADriverThatIsTooOld) {
  lenet_emu_set("LENET_EMU_DRIVER", "12080");
  int count = -1;
  EXPECT_EQ(cudaErrorInsufficientDriver, cudaGetDeviceCount(&count));
  EXPECT_EQ(0, count);
}

TEST_F(DeviceTest, WithoutADevice) {
  lenet_emu_set("LENET_EMU_DEVICES", "0");
  int count = -1;
  EXPECT_EQ(cudaErrorNoDevice, cudaGetDeviceCount(&count));
  EXPECT_EQ(cudaErrorNoDevice, cudaSetDevice(0));
}

TEST_F(DeviceTest, ErrorsHaveNames) {
  EXPECT_STREQ("cudaErrorInsufficientDriver", cudaGetErrorName(cudaErrorInsufficientDriver));
  EXPECT_STREQ("out of memory", cudaGetErrorString(cudaErrorMemoryAllocation));
  EXPECT_STREQ("unrecognized error code", cudaGetErrorName(static_cast<cudaError_t>(12345)));
}

TEST_F(DeviceTest, TheNthCallOfAFunctionFails) {
  void* pointer;
  lenet_emu_fail("cudaMalloc", 2, 0);
  EXPECT_OK(cudaMalloc(&pointer, 4));
  EXPECT_OK(cudaFree(pointer));
  EXPECT_EQ(cudaErrorMemoryAllocation, cudaMalloc(&pointer, 4));
  EXPECT_STREQ("cudaMalloc", lenet_emu_failed_function());
  EXPECT_OK(cudaMalloc(&pointer, 4));
  lenet_emu_fail("cudaFree", 1, cudaErrorIllegalAddress);
  EXPECT_EQ(cudaErrorIllegalAddress, cudaFree(pointer));
  EXPECT_EQ(0u, lenet_emu_live("device_allocations")) << "it frees and reports another's error";
}

TEST_F(DeviceTest, OrTheNthCallOfAll) {
  int device;
  lenet_emu_fail("any", 2, 0);
  EXPECT_OK(cudaGetDevice(&device));
  EXPECT_EQ(cudaErrorUnknown, cudaGetDevice(&device));
  EXPECT_OK(cudaGetDevice(&device));
}

TEST_F(DeviceTest, ThePlanCanComeFromTheEnvironment) {
  lenet_emu_set("LENET_EMU_FAIL", "cudaGetDevice:1:46,cudaMalloc:1");
  int device;
  void* pointer;
  EXPECT_EQ(cudaErrorDevicesUnavailable, cudaGetDevice(&device));
  EXPECT_EQ(cudaErrorMemoryAllocation, cudaMalloc(&pointer, 4));
  lenet_emu_set("LENET_EMU_FAIL", nullptr);
}

TEST_F(DeviceTest, TheLedgerCanBeWritten) {
  device_array<char>(10);
  std::string path = testing::TempDir() + "/lenet_emu_ledger";
  ASSERT_TRUE(lenet_emu_ledger_write(path.c_str()));
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  EXPECT_NE(std::string::npos, text.str().find("bytes.allocated 10\n")) << text.str();
  EXPECT_NE(std::string::npos, text.str().find("live.device_allocations 1\n"));
  std::remove(path.c_str());
}

}  // namespace
}  // namespace lenet::emulation::test
