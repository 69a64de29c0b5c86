// One image through the network, without other images to fill the lanes: the lanes are a row's
// pixels in the first convolution, output channels in the second, outputs in the dense layers. For
// that the weights are arranged anew, and padded to whole vectors with zeros.
#pragma once

#include "cpu/kernels/layers.h"

namespace lenet::LENET_ISA {

// The fewest images that are predicted faster as a tile, padded if need be, than one by one.
// Measured with sigmoid and average pooling; on Arm a guess.
#if LENET_LANES == 16
constexpr int kSingleImageCrossover = 12;
#elif LENET_LANES == 8
constexpr int kSingleImageCrossover = 7;
#else
constexpr int kSingleImageCrossover = 4;
#endif

int single_image_weights_size(int classes);
void arrange_single_image_weights(const ParameterLayout* layout, int classes,
                                  const float* parameters, float* weights);
template <Activation kActivation, Pooling kPooling>
void predict_single_image(const float* weights, int classes, float scale, float offset,
                          const uint8_t* image, float* probabilities);

}  // namespace lenet::LENET_ISA
