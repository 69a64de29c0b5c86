// What the kernels and the host share: sizes, and the structs in device memory.
#pragma once

#include <stdint.h>

#include "core/augmentation.h"
#include "core/layout.h"

namespace lenet::cuda {

// Sums over the examples of a mini-batch go through this many partial sums: enough threads to fill
// a GPU, few enough for one thread to add them up.
constexpr int kSlabs = 64;

// Biases in the order in which the arena has them; kFixedBiases without the last layer's.
constexpr int kConvBiases = kConv1Channels + kConv2Channels;
constexpr int kFixedBiases = kConvBiases + kFc1 + kFc2;

// Four pixels at a time.
constexpr int kQuads = kPixels / 4;

// Like lenet::Activation, and none.
constexpr int kSigmoid = 0;
constexpr int kTanh = 1;
constexpr int kRelu = 2;
constexpr int kIdentity = 3;

// Where mini-batches come from. It lies in device memory and each step advances it there, so that
// the kernels of a captured step have no argument that changes.
struct Source {
  const uint8_t* pixels;  // [examples][28][28]
  const int32_t* labels;  // [examples], or null
  const int32_t* order;   // [count] examples in the order to take them; null for 0, 1, 2, ...
  const float* rates;     // [steps]; read by update() alone
  int32_t count;
  int32_t batch_size;
  int32_t step;  // mini-batches already taken
  Augmentation augmentation;
};

// Sums over examples, in device memory.
struct Sums {
  double loss;
  int64_t correct;
};

// Where a step keeps its partial sums.
struct Slabs {
  float* biases;     // [kSlabs][kFixedBiases + K] of the gradients
  double* losses;    // [kSlabs]
  int32_t* correct;  // [kSlabs]
};

struct SgdOptions {
  float momentum;
  float weight_decay;
  bool nesterov;
};

}  // namespace lenet::cuda
