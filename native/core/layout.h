// Where each parameter tensor lies in the float32 arena: PyTorch's order and shapes, no gaps.
// Keep in sync with org.lenet4j.engine.ParameterLayout.
#pragma once

#include <cstdint>

#include "lenet/engine.h"

namespace lenet {

constexpr int kImageSize = 28;
constexpr int kPixels = kImageSize * kImageSize;
constexpr int kMaxClasses = 1024;

// Sizes of the fixed part of the network. conv1 keeps the image's size.
constexpr int kKernel = 5;
constexpr int kConv1Channels = 6;
constexpr int kPool1Size = kImageSize / 2;
constexpr int kConv2Channels = 16;
constexpr int kConv2Size = kPool1Size - kKernel + 1;
constexpr int kPool2Size = kConv2Size / 2;
constexpr int kFc1 = 120;
constexpr int kFc2 = 84;

// Floats of these layers' outputs for one image.
constexpr int kConv1Values = kConv1Channels * kPixels;
constexpr int kPool1Values = kConv1Channels * kPool1Size * kPool1Size;
constexpr int kConv2Values = kConv2Channels * kConv2Size * kConv2Size;
constexpr int kFlat = kConv2Channels * kPool2Size * kPool2Size;

struct ParameterLayout {
  int conv1_weight;  // [6][1][5][5]
  int conv1_bias;
  int conv2_weight;  // [16][6][5][5]
  int conv2_bias;
  int fc1_weight;  // [120][400]
  int fc1_bias;
  int fc2_weight;  // [84][120]
  int fc2_bias;
  int fc3_weight;  // [classes][84]
  int fc3_bias;
  int size;

  explicit constexpr ParameterLayout(int classes)
      : conv1_weight(0),
        conv1_bias(conv1_weight + kConv1Channels * kKernel * kKernel),
        conv2_weight(conv1_bias + kConv1Channels),
        conv2_bias(conv2_weight + kConv2Channels * kConv1Channels * kKernel * kKernel),
        fc1_weight(conv2_bias + kConv2Channels),
        fc1_bias(fc1_weight + kFc1 * kFlat),
        fc2_weight(fc1_bias + kFc1),
        fc2_bias(fc2_weight + kFc2 * kFc1),
        fc3_weight(fc2_bias + kFc2),
        fc3_bias(fc3_weight + classes * kFc2),
        size(fc3_bias + classes) {}
};

static_assert(ParameterLayout(10).size == 61706, "the chapter's network has 61,706 parameters");

// Floats that a layer puts out for one image.
constexpr int layer_size(Layer layer, int classes) {
  constexpr int kSizes[] = {kConv1Values, kConv1Values, kPool1Values, kConv2Values,
                            kConv2Values, kFlat,        kFlat,        kFc1,
                            kFc1,         kFc2,         kFc2};
  return layer == Layer::FC3 ? classes : kSizes[static_cast<int>(layer)];
}

// The mini-batches of an epoch, of which the last may be smaller.
constexpr int32_t batches_of(int32_t count, int32_t batch_size) {
  return static_cast<int32_t>((int64_t{count} + batch_size - 1) / batch_size);
}

}  // namespace lenet
