// What there is to run on: the driver, the CUDA libraries' versions and the devices.
#pragma once

#include <cstddef>
#include <string>

namespace lenet::cuda {

struct DeviceInfo {
  std::string name;
  int major;  // compute capability
  int minor;
  size_t memory;  // bytes

  // The stand-in that the tests run on; nothing may take it for a GPU.
  bool is_emulated() const { return name == "EMULATED (CPU)"; }
  // Such as "sm_90".
  std::string architecture() const;
};

// A device that the engine can use, with libraries that it can use, or an Error that says what is
// there instead, what is needed and what to do about it.
DeviceInfo require_device(int device);

// Such as "CUDA driver 13.0, runtime 13.0, cuDNN 9.24.0, cuBLAS 13.1.0", as found.
std::string versions_found();

// For lenet::cuda_report().
std::string report();

}  // namespace lenet::cuda
