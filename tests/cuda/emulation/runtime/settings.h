// The LENET_EMU_ variables, read once and again after lenet_emu_set.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace lenet::emulation {

enum class Order { kForward, kReverse, kShuffle };

struct Settings {
  int driver_version = 13000;  // 0: no driver
  int devices = 2;
  std::string device_name = "EMULATED (CPU)";
  int compute_capability = 90;
  size_t memory = size_t{8} << 30;  // bytes per device
  Order order = Order::kForward;
  uint64_t seed = 0;
  bool log = false;
  std::string kernels;  // libraries with the kernels' host code, separated by colons
  std::string trace;    // file that receives every enqueued operation
};

const Settings& settings();
void reload_settings();

}  // namespace lenet::emulation
