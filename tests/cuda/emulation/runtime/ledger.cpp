#include "runtime/ledger.h"

#include <cstdio>

#include "runtime/hooks.h"
#include "runtime/settings.h"

namespace lenet::emulation {

// Never destroyed: a program's own destructors may still give things back.
Ledger& Ledger::instance() {
  static Ledger& ledger = *new Ledger;
  return ledger;
}

uint64_t Ledger::get(const std::string& counter) const {
  auto found = counters_.find(counter);
  return found == counters_.end() ? 0 : found->second;
}

bool Ledger::write(const char* path) const {
  std::FILE* file = std::fopen(path, "w");
  if (file == nullptr) return false;
  for (const auto& [counter, value] : counters_) {
    std::fprintf(file, "%s %llu\n", counter.c_str(), static_cast<unsigned long long>(value));
  }
  for (const auto& [kind, objects] : live_) {
    std::fprintf(file, "live.%s %lld\n", kind.c_str(), static_cast<long long>(objects));
  }
  return std::fclose(file) == 0;
}

uint64_t Ledger::live(const char* kind) const {
  uint64_t total = 0;
  for (const auto& [name, objects] : live_) {
    if (kind == nullptr || name == kind) total += static_cast<uint64_t>(objects);
  }
  return total;
}

std::string Ledger::live_report() const {
  std::string report;
  for (const auto& [kind, objects] : live_) {
    if (objects != 0) report += kind + " " + std::to_string(objects) + "\n";
  }
  if (!report.empty()) report.pop_back();
  return report;
}

void count_operation(const char* prefix, const Operation& operation) {
  Ledger& ledger = Ledger::instance();
  ledger.add(std::string(prefix) + operation.kind, 1);
  if (operation.direction != nullptr) {
    ledger.add(std::string("copies.") + operation.direction, 1);
    ledger.add(std::string("bytes.") + operation.direction, operation.bytes);
  }
}

void trace(const char* event, const Operation& operation) {
  const std::string& path = settings().trace;
  if (path.empty()) return;
  std::FILE* file = std::fopen(path.c_str(), "a");
  if (file == nullptr) return;
  std::fprintf(file, "%s\t%s\t%s\n", event, operation.kind, operation.label.c_str());
  std::fclose(file);
}

void count_live(const char* kind, int change) { Ledger::instance().add_live(kind, change); }

void count(const std::string& counter, uint64_t amount) { Ledger::instance().add(counter, amount); }

}  // namespace lenet::emulation

using lenet::emulation::Ledger;
using lenet::emulation::lock;

uint64_t lenet_emu_ledger_get(const char* counter) {
  auto guard = lock();
  return Ledger::instance().get(counter);
}

void lenet_emu_ledger_reset(void) {
  auto guard = lock();
  Ledger::instance().reset();
}

int lenet_emu_ledger_write(const char* path) {
  auto guard = lock();
  return Ledger::instance().write(path);
}

uint64_t lenet_emu_live(const char* kind) {
  auto guard = lock();
  return Ledger::instance().live(kind);
}

const char* lenet_emu_live_report(void) {
  auto guard = lock();
  static std::string report;
  report = Ledger::instance().live_report();
  return report.c_str();
}
