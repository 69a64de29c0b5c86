// The tests of ../engine without the emulation. What they ask of it has no answer here:
// compute-sanitizer watches memory instead, and a GPU orders its threads as it likes.
#include <gtest/gtest.h>

#include "runtime/hooks.h"

// Those that neither change the emulated machine nor count its objects.
constexpr const char* kTests =
    "Variants*:CudaParity.*:CudaEdge.LargeMiniBatchesMoveWhatGraphsAndPlansPointTo:"
    "CudaEdge.EpochsMayGrow:CudaEdge.TheLargestBatchSizeIsOneMiniBatch:"
    "CudaEdge.MetricsCountWhenTheirThreadIsAlone:CudaEdge.EvaluationsNeitherSmoothNorAddUp:"
    "CudaEdge.NanGoesThroughActivationAndPooling";

void lenet_emu_set(const char*, const char*) {}
uint64_t lenet_emu_ledger_get(const char*) { return 0; }
void lenet_emu_ledger_reset() {}
void lenet_emu_fail(const char*, uint64_t, int) {}
const char* lenet_emu_failed_function() { return ""; }
uint64_t lenet_emu_live(const char*) { return 0; }
const char* lenet_emu_live_report() { return ""; }
uint64_t lenet_emu_violations() { return 0; }
const char* lenet_emu_last_violation() { return ""; }
void lenet_emu_recover() {}
void lenet_emu_on_capture(void (*)(void)) {}
uint64_t lenet_emu_pending() { return 0; }

int main(int argc, char** argv) {
  testing::GTEST_FLAG(filter) = kTests;
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
