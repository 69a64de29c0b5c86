// The kernel tables of this build, and which of them this processor can run.
#include <cstring>

#include "cpu/kernels/kernels.h"

namespace lenet {

#if defined(__x86_64__)
namespace x86_64_v4 {
extern const KernelTable table;
}
namespace x86_64_v3 {
extern const KernelTable table;
}
namespace x86_64_v2 {
extern const KernelTable table;
}
#elif defined(__aarch64__)
namespace armv8_a {
extern const KernelTable table;
}
#endif

namespace {

// Best first.
const KernelTable* const kTables[] = {
#if defined(__x86_64__)
    &x86_64_v4::table,
    &x86_64_v3::table,
    &x86_64_v2::table,
#elif defined(__aarch64__)
    &armv8_a::table,
#endif
};

}  // namespace

bool can_run(const KernelTable* kernels) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (kernels == &x86_64_v4::table) {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl") && can_run(&x86_64_v3::table);
  }
  if (kernels == &x86_64_v3::table) {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
           __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") &&
           can_run(&x86_64_v2::table);
  }
  return __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("popcnt");
#else
  return kernels != nullptr;
#endif
}

const KernelTable* find_kernels(const char* isa) {
  for (const KernelTable* kernels : kTables) {
    if (std::strcmp(kernels->isa, isa) == 0) return kernels;
  }
  return nullptr;
}

const KernelTable* best_kernels() {
  for (const KernelTable* kernels : kTables) {
    if (can_run(kernels)) return kernels;
  }
  return nullptr;
}

std::string cpu_instruction_sets() {
  std::string names;
  for (const KernelTable* kernels : kTables) {
    if (!can_run(kernels)) continue;
    if (!names.empty()) names += ' ';
    names += kernels->isa;
  }
  return names;
}

}  // namespace lenet
