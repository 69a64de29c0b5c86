#include "runtime/settings.h"

#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "runtime/emulation.h"
#include "runtime/faults.h"
#include "runtime/hooks.h"

namespace lenet::emulation {
namespace {

[[noreturn]] void refuse(const char* variable, const char* value, const char* expected) {
  std::fprintf(stderr, "lenet-emu: %s=%s, expected %s\n", variable, value, expected);
  std::abort();
}

int64_t number(const char* variable, int64_t otherwise) {
  const char* value = std::getenv(variable);
  if (value == nullptr) return otherwise;
  char* end;
  long long parsed = std::strtoll(value, &end, 10);
  if (end == value || *end != 0 || parsed < 0) refuse(variable, value, "a number");
  return parsed;
}

std::string text(const char* variable, const std::string& otherwise) {
  const char* value = std::getenv(variable);
  return value == nullptr ? otherwise : value;
}

int driver_version() {
  const char* value = std::getenv("LENET_EMU_DRIVER");
  if (value != nullptr && std::strcmp(value, "none") == 0) return 0;
  return static_cast<int>(number("LENET_EMU_DRIVER", 13000));
}

void read_order(Settings* settings) {
  std::string order = text("LENET_EMU_ORDER", "forward");
  if (order == "forward") {
    settings->order = Order::kForward;
  } else if (order == "reverse") {
    settings->order = Order::kReverse;
  } else if (order.rfind("shuffle:", 0) == 0) {
    settings->order = Order::kShuffle;
    settings->seed = std::strtoull(order.c_str() + 8, nullptr, 10);
  } else {
    refuse("LENET_EMU_ORDER", order.c_str(), "forward, reverse or shuffle:SEED");
  }
}

// Beside this library, where the build puts it.
std::string default_kernels() {
  Dl_info info;
  if (dladdr(reinterpret_cast<void*>(&default_kernels), &info) == 0) return "";
  std::string path = info.dli_fname;
  size_t slash = path.rfind('/');
  return (slash == std::string::npos ? "." : path.substr(0, slash)) + "/liblenet_emu_kernels.so";
}

Settings read() {
  Settings settings;
  settings.driver_version = driver_version();
  settings.devices = static_cast<int>(number("LENET_EMU_DEVICES", 2));
  settings.device_name = text("LENET_EMU_DEVICE_NAME", settings.device_name);
  settings.compute_capability =
      static_cast<int>(number("LENET_EMU_COMPUTE_CAPABILITY", settings.compute_capability));
  settings.memory =
      static_cast<size_t>(number("LENET_EMU_MEMORY", static_cast<int64_t>(settings.memory)));
  read_order(&settings);
  settings.log = number("LENET_EMU_LOG", 0) != 0;
  settings.kernels = text("LENET_EMU_KERNELS", default_kernels());
  settings.trace = text("LENET_EMU_TRACE", "");
  return settings;
}

Settings& current() {
  static Settings& settings = *new Settings(read());
  return settings;
}

}  // namespace

const Settings& settings() { return current(); }

void reload_settings() { current() = read(); }

}  // namespace lenet::emulation

void lenet_emu_set(const char* variable, const char* value) {
  using namespace lenet::emulation;
  auto guard = lock();
  if (value == nullptr) {
    unsetenv(variable);
  } else {
    setenv(variable, value, 1);
  }
  reload_settings();
  if (std::strcmp(variable, "LENET_EMU_FAIL") == 0) read_fault_plan();
}
