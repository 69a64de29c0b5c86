// Calls that fail on purpose: LENET_EMU_FAIL=FUNCTION:N[:CODE][,...] or lenet_emu_fail.
#pragma once

namespace lenet::emulation {

void read_fault_plan();
// Counts one call; whether it is to fail, with its code or 0.
bool take_fault(const char* function, int* code);

}  // namespace lenet::emulation
