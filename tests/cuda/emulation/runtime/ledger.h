// Counters by name, and live objects by kind. Guarded by the emulation's lock.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "runtime/emulation.h"

namespace lenet::emulation {

class Ledger {
 public:
  static Ledger& instance();
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

  void add(const std::string& counter, uint64_t amount) { counters_[counter] += amount; }
  uint64_t get(const std::string& counter) const;
  void reset() { counters_.clear(); }
  bool write(const char* path) const;

  void add_live(const char* kind, int change) { live_[kind] += change; }
  uint64_t live(const char* kind) const;
  std::string live_report() const;

 private:
  Ledger() = default;

  std::map<std::string, uint64_t> counters_;
  std::map<std::string, int64_t> live_;
};

// What enqueuing the operation counts; prefix is "enqueued." or "replayed.".
void count_operation(const char* prefix, const Operation& operation);
// One line in the file of LENET_EMU_TRACE.
void trace(const char* event, const Operation& operation);

}  // namespace lenet::emulation
