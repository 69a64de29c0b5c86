// Which kernels there are and which of them are chosen.
#include "kernel_test.h"

namespace lenet {
namespace {

TEST(Dispatch, FindsKernelsByName) {
  ASSERT_FALSE(kernel_tables().empty());
  for (const KernelTable* kernels : kernel_tables()) {
    EXPECT_EQ(find_kernels(kernels->isa), kernels);
    EXPECT_EQ(kernels->lanes & (kernels->lanes - 1), 0) << kernels->isa;
  }
  EXPECT_EQ(find_kernels("x86-64-v9"), nullptr);
  EXPECT_EQ(find_kernels(""), nullptr);
}

TEST(Dispatch, TheBestIsTheFirstThatRuns) {
  std::string names;
  const KernelTable* first = nullptr;
  for (const KernelTable* kernels : kernel_tables()) {
    if (!can_run(kernels)) continue;
    if (first == nullptr) first = kernels;
    names += (names.empty() ? "" : " ") + std::string(kernels->isa);
  }
  EXPECT_EQ(best_kernels(), first);
  EXPECT_EQ(cpu_instruction_sets(), names);
}

TEST(Dispatch, EveryTableIsComplete) {
  for (const KernelTable* kernels : kernel_tables()) {
    // The functions follow the two leading fields without a gap.
    const auto* entries = reinterpret_cast<void* const*>(&kernels->gather);
    const auto* end = reinterpret_cast<void* const*>(kernels + 1);
    for (const auto* entry = entries; entry < end; entry++) {
      EXPECT_NE(*entry, nullptr) << kernels->isa << ", entry " << entry - entries;
    }
  }
}

}  // namespace
}  // namespace lenet
