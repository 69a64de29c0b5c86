// Runs one operation with the device's memory open, and turns a fault of it into a violation.
#pragma once

#include "runtime/emulation.h"

namespace lenet::emulation {

// From the first allocation on: names a host dereference before the process ends by it.
void install_fault_handlers();
void execute(int device, const Operation& operation);

}  // namespace lenet::emulation
