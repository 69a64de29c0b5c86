// The working set of one thread: one tile of images on its way through the network and back.
#pragma once

#include <cstdint>

#include "core/layout.h"
#include "cpu/aligned_buffer.h"
#include "cpu/kernels/kernels.h"
#include "cpu/weights.h"
#include "lenet/engine.h"

namespace lenet {

// Receives one layer's output in lanes, [size][L].
struct Capture {
  Layer layer;
  float* values;
};

// Inputs of the dense layers and gradients of their outputs, one example a row: what their weights'
// gradients need of a whole chunk of examples.
struct DenseRows {
  DenseRows(int rows, int classes)
      : class_stride(dense_stride(classes)),
        flat(size_t(rows) * dense_stride(kFlat)),
        fc1(size_t(rows) * dense_stride(kFc1)),
        fc2(size_t(rows) * dense_stride(kFc2)),
        dfc1(size_t(rows) * dense_stride(kFc1)),
        dfc2(size_t(rows) * dense_stride(kFc2)),
        dlogits(size_t(rows) * class_stride) {}

  int class_stride;
  AlignedBuffer flat, fc1, fc2, dfc1, dfc2, dlogits;
};

// One tile's gradient of the convolutions: weights transformed as in Weights, biases, summed over
// the images.
struct ConvSums {
  static constexpr int kConv1Weight = 0;
  static constexpr int kConv2Weight = kConv1Weight + kConvPoints * kConv1Rows;
  static constexpr int kConv1Bias = kConv2Weight + kConvPoints * kConv2Rows;
  static constexpr int kConv2Bias = kConv1Bias + kConv1Channels;
  static constexpr int kSize = kConv2Bias + kConv2Channels;
};

class Tile {
 public:
  Tile(const Config& config, const KernelTable* kernels);

  // images: [L] pointers. Leaves every activation that backward needs in the tile, and in the rows
  // from first_row on.
  void forward(const Weights& weights, const uint8_t* const* images, DenseRows* rows, int first_row,
               const Capture* capture);
  // The same for inference, with rows of the tile's own.
  void forward(const Weights& weights, const uint8_t* const* images, const Capture* capture) {
    forward(weights, images, &own_rows_, 0, capture);
  }
  // The last forward pass's loss of `count` images; with_gradient also prepares backward.
  void loss(const int32_t* labels, int count, bool with_gradient, float smoothing, float scale,
            float* losses, uint8_t* correct);
  // Adds the convolutions' gradients to conv_sums, and leaves the gradients of the dense layers'
  // outputs in the rows from first_row on.
  void backward(const Weights& weights, float* conv_sums, DenseRows* rows, int first_row);

  float* logits() { return logits_; }
  // The logits become probabilities.
  void softmax() { kernels_->softmax(config_.classes, logits_); }

 private:
  float* take(int values);
  void keep(const Capture* capture, Layer layer, const float* values) const;
  void keep_cells(const Capture* capture, Layer layer, const float* cells, int channels, int size,
                  int first_row, int rows) const;
  void keep_rows(const Capture* capture, Layer layer, const float* rows, int n) const;
  void forward_convolutions(const Weights& weights, const uint8_t* const* images,
                            const Capture* capture);
  void backward_convolutions(const Weights& weights, float* conv_sums);

  Config config_;
  const KernelTable* kernels_;
  ParameterLayout layout_;
  AlignedBuffer memory_;
  int taken_ = 0;
  DenseRows own_rows_;

  float* x_;       // [32][32][L], framed by zeros
  float* window_;  // [6][8 p][7 k][L], conv1's transformed input rows
  float* row_;     // [6][14][L], a row of pool1 or its gradient
  float* conv1_;   // [14 y][6 o][14 x][4][L], activations
  float* pool1_;   // [22 s][6 i][14 y][L], transformed; later its gradient
  float* conv2_;   // [16 o][5 y][5 x][4][L], activations; later their gradient
  float* dconv2_;  // [22 s][16 o][10 y][L], the gradient transformed
  float* pool2_;   // [16][5][5][L]; later its gradient
  float* dflat_;   // [L][400]
  float* dfc_;     // [120][L]
  float* logits_;  // [classes][L]
  float* dlogits_;
  float* conv1_sums_;  // [8 p][6 o][5 u][L]
  float* bias_sums_;   // [16][L]
};

}  // namespace lenet
