#include "runtime/faults.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

#include "runtime/emulation.h"
#include "runtime/hooks.h"

namespace lenet::emulation {
namespace {

struct Fault {
  std::string function;  // or "any"
  uint64_t calls_left;
  int code;
};

struct Plan {
  std::vector<Fault> faults;
  std::string failed;
};

Plan& plan() {
  static Plan& plan = *new Plan;
  return plan;
}

[[noreturn]] void refuse(const std::string& fault) {
  std::fprintf(stderr, "lenet-emu: LENET_EMU_FAIL has '%s', expected FUNCTION:N[:CODE]\n",
               fault.c_str());
  std::abort();
}

Fault parse(const std::string& text) {
  std::istringstream fields(text);
  std::string function, n, code;
  std::getline(fields, function, ':');
  std::getline(fields, n, ':');
  std::getline(fields, code);
  Fault fault{function, std::strtoull(n.c_str(), nullptr, 10), std::atoi(code.c_str())};
  if (function.empty() || fault.calls_left == 0) refuse(text);
  return fault;
}

}  // namespace

void read_fault_plan() {
  plan().faults.clear();
  const char* value = std::getenv("LENET_EMU_FAIL");
  if (value == nullptr) return;
  std::istringstream faults(value);
  std::string fault;
  while (std::getline(faults, fault, ',')) plan().faults.push_back(parse(fault));
}

bool take_fault(const char* function, int* code) {
  static bool read = (read_fault_plan(), true);
  (void)read;
  bool fails = false;
  for (Fault& fault : plan().faults) {
    if (fault.calls_left == 0 || (fault.function != "any" && fault.function != function)) continue;
    if (--fault.calls_left == 0) {
      fails = true;
      *code = fault.code;
      plan().failed = function;
    }
  }
  return fails;
}

}  // namespace lenet::emulation

void lenet_emu_fail(const char* function, uint64_t n, int code) {
  using namespace lenet::emulation;
  auto guard = lock();
  plan().failed.clear();
  plan().faults.clear();
  if (n > 0) plan().faults.push_back({function, n, code});
}

const char* lenet_emu_failed_function(void) { return lenet::emulation::plan().failed.c_str(); }
