// The parameters as the kernels want them: the convolutions' weights transformed, the dense layers'
// in aligned rows.
#pragma once

#include "core/layout.h"
#include "cpu/aligned_buffer.h"
#include "cpu/kernels/kernels.h"

namespace lenet {

// Rows of five of the convolutions' kernels.
constexpr int kConv1Rows = kConv1Channels * kKernel;
constexpr int kConv2Rows = kConv2Channels * kConv1Channels * kKernel;

class Weights {
 public:
  Weights(const KernelTable* kernels, int classes);

  // All parameters, as in the arena.
  void read(float* parameters) const;
  void write(const float* parameters);

  // The arena, up to date but for the dense layers' weights, which stand in the rows below.
  const float* parameters() const { return parameters_.data(); }
  float* parameters() { return parameters_.data(); }
  // Who changes the convolutions' parameters prepares them again.
  void prepare_convolutions();

  const float* conv1() const { return conv1_.data(); }  // [8 p][6 o][5 u]
  const float* conv2() const { return conv2_.data(); }  // [8 p][16 o][6 i][5 u]
  const float* fc1() const { return fc1_.data(); }      // [120][s(400)]
  const float* fc2() const { return fc2_.data(); }      // [84][s(120)]
  const float* fc3() const { return fc3_.data(); }      // [classes][s(84)]
  float* fc1() { return fc1_.data(); }
  float* fc2() { return fc2_.data(); }
  float* fc3() { return fc3_.data(); }

 private:
  const KernelTable* kernels_;
  ParameterLayout layout_;
  int classes_;
  AlignedBuffer parameters_;
  AlignedBuffer conv1_, conv2_, fc1_, fc2_, fc3_;
};

}  // namespace lenet
