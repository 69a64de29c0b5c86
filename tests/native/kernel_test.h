// The fixture of the kernel tests: each runs once per instruction set, with the engine's floating
// point mode. A new kernel gets a plain double reference in the test file of its subject.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "closeness.h"
#include "cpu/floating_point_mode.h"
#include "cpu/kernels/kernels.h"
#include "guarded.h"

namespace lenet {

class KernelTest : public testing::TestWithParam<const KernelTable*> {
 protected:
  void SetUp() override {
    if (!can_run(&kernels())) GTEST_SKIP() << "this processor does not have " << kernels().isa;
  }

  const KernelTable& kernels() const { return *GetParam(); }
  size_t lanes() const { return static_cast<size_t>(kernels().lanes); }

  std::vector<float> random(size_t size, float low = -1, float high = 1) {
    std::uniform_real_distribution<float> distribution(low, high);
    std::vector<float> values(size);
    for (float& value : values) value = distribution(generator_);
    return values;
  }
  int random_int(int low, int high) {
    return std::uniform_int_distribution<int>(low, high)(generator_);
  }

  Closeness closeness_;

 private:
  std::mt19937 generator_{42};
  FlushDenormals mode_;
};

inline std::vector<const KernelTable*> kernel_tables() {
  std::vector<const KernelTable*> tables;
  for (const char* isa : {"x86-64-v4", "x86-64-v3", "x86-64-v2", "armv8-a"}) {
    if (find_kernels(isa) != nullptr) tables.push_back(find_kernels(isa));
  }
  return tables;
}

inline std::string isa_name(const testing::TestParamInfo<const KernelTable*>& info) {
  std::string name = info.param->isa;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

#define LENET_FOR_EVERY_ISA(Fixture) \
  INSTANTIATE_TEST_SUITE_P(Kernels, Fixture, testing::ValuesIn(kernel_tables()), isa_name)

}  // namespace lenet
