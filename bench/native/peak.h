// The rate of multiply-adds that one core reaches with everything in registers: what all other
// rates are measured against.
#pragma once

namespace lenet {

// Runs `rounds` rounds of independent multiply-adds; returns their floating point operations.
using Peak = double (*)(long rounds);

// Null for an instruction set that this build has no kernels for.
Peak find_peak(const char* isa);

}  // namespace lenet
