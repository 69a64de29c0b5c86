// The cuda engine in a library of its own, opened when it is asked for: a user without a GPU needs
// none of what liblenet_cuda.so is linked with.
#pragma once

#include "core/engine_table.h"

namespace lenet {

// The table of the plugin that open_cuda() has opened; throws if it has not.
const EngineTable* cuda_engine_table();

}  // namespace lenet

// What liblenet_cuda.so exports. The table's version is looked at before anything else is used.
extern "C" {
const lenet::EngineTable* lenet_cuda_engine_table();
// Writes the lines of lenet::cuda_report().
void lenet_cuda_report(lenet::Status* status, char* text, int32_t capacity);
}
