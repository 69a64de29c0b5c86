// The engines that the emulated heuristics name. Real ones differ by chip; these differ so that a
// program's choice matters: the first are fast in ways that a program may have to refuse.
#pragma once

#include <vector>

#include "cudnn/model.h"

namespace lenet::emulation {

// Best first; throws a Refusal for a graph that no engine supports in this mode.
std::vector<Engine> engines_for(const Graph& graph, cudnnBackendHeurMode_t mode);

}  // namespace lenet::emulation
