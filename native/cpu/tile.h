// The working set of one thread: one tile of images on its way through the network and back.
#pragma once

#include <cstdint>

#include "core/layout.h"
#include "cpu/aligned_buffer.h"
#include "cpu/kernels/kernels.h"
#include "lenet/engine.h"

namespace lenet {

// Receives one layer's output in lanes, [size][L].
struct Capture {
  Layer layer;
  float* values;
};

// What the dense layers' weight gradients need of a whole chunk of examples, one example a row.
// Strides are multiples of 16 floats, the padding stays zero.
struct DenseRows {
  static constexpr int kStride400 = 400;
  static constexpr int kStride120 = 128;
  static constexpr int kStride84 = 96;

  DenseRows(int rows, int classes)
      : class_stride((classes + 15) / 16 * 16),
        flat(size_t(rows) * kStride400),
        fc1(size_t(rows) * kStride120),
        fc2(size_t(rows) * kStride84),
        dfc1(size_t(rows) * kStride120),
        dfc2(size_t(rows) * kStride84),
        dlogits(size_t(rows) * class_stride) {}

  int class_stride;
  AlignedBuffer flat, fc1, fc2, dfc1, dfc2, dlogits;
};

class Tile {
 public:
  Tile(const Config& config, const KernelTable* kernels);

  // images: [L] pointers. Leaves every activation in the tile.
  void forward(const float* parameters, const uint8_t* const* images, const Capture* capture);
  // The last forward pass's loss of `count` images; with_gradient also prepares backward.
  void loss(const int32_t* labels, int count, bool with_gradient, float smoothing, float scale,
            float* losses, uint8_t* correct);
  // Adds the convolutions' gradients to the group's lane-wise sums, which are laid out as the
  // beginning of the arena, and leaves what the dense layers need in the rows from first_row on.
  void backward(const float* parameters, float* group_sums, DenseRows* rows, int first_row);

  float* logits() { return logits_; }
  // The logits become probabilities.
  void softmax() { kernels_->softmax(config_.classes, logits_); }

 private:
  float* take(int values);
  void keep(const Capture* capture, Layer layer, const float* values) const;
  void dense(const float* in, int n, const float* weight, const float* bias, int m, float* out,
             Layer layer, const Capture* capture) const;

  Config config_;
  const KernelTable* kernels_;
  ParameterLayout layout_;
  AlignedBuffer memory_;
  int taken_ = 0;

  float* x_;       // [32][32][L], framed by zeros
  float* conv1_;   // [6][28][28][L]
  float* pool1_;   // [6][14][14][L]
  float* conv2_;   // [16][10][10][L]
  float* pool2_;   // [16][5][5][L], also the flat input of the dense layers
  float* fc1_;     // [120][L]
  float* fc2_;     // [84][L]
  float* logits_;  // [classes][L]
  float* dpool1_;
  float* dpool2_;
  float* dfc1_;
  float* dfc2_;
  float* dlogits_;
};

}  // namespace lenet
