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

// What the dense layers' weight gradients need of a whole chunk of examples: the inputs, one
// example a row, and the gradients of the outputs, [m][L] a tile. `count` is a multiple of L.
struct DenseExamples {
  DenseExamples(int count, int classes)
      : memory(size_t(count) * (dense_stride(kFlat) + dense_stride(kFc1) + dense_stride(kFc2) +
                                kFc1 + kFc2 + classes)),
        flat(memory.data()),
        fc1(flat + size_t(count) * dense_stride(kFlat)),
        fc2(fc1 + size_t(count) * dense_stride(kFc1)),
        dfc1(fc2 + size_t(count) * dense_stride(kFc2)),
        dfc2(dfc1 + size_t(count) * kFc1),
        dlogits(dfc2 + size_t(count) * kFc2) {}

  AlignedBuffer memory;
  float *flat, *fc1, *fc2, *dfc1, *dfc2, *dlogits;
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

  // images: [L] pointers. Leaves every activation that backward needs in the tile, and in
  // `examples` from the `first` on, a multiple of L.
  void forward(const Weights& weights, const uint8_t* const* images, DenseExamples* examples,
               int first, const Capture* capture);
  // The same for inference, with examples of the tile's own.
  void forward(const Weights& weights, const uint8_t* const* images, const Capture* capture) {
    forward(weights, images, &own_, 0, capture);
  }
  // The last forward pass's loss of `count` images; unless null, dlogits [classes][L] gets its
  // gradient times `scale`.
  void loss(const int32_t* labels, int count, float smoothing, float scale, float* losses,
            uint8_t* correct, float* dlogits);
  // Adds the convolutions' gradients to conv_sums, and leaves those of the other dense layers'
  // outputs beside that of the logits.
  void backward(const Weights& weights, float* conv_sums, DenseExamples* examples, int first);

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
  DenseExamples own_;

  float* x_;           // [32][32][L], framed by zeros
  float* window_;      // [6][8 p][7 k][L], conv1's transformed input rows
  float* row_;         // [6][14][L], a row of pool1 or its gradient
  float* conv1_;       // [14 y][6 o][14 x][4][L], activations
  float* pool1_;       // [22 s][6 i][14 y][L], transformed; later its gradient
  float* conv2_;       // [16 o][5 y][5 x][4][L], activations; later their gradient
  float* dconv2_;      // [2 points][3 tiles][16 o][10 y][L], the gradient transformed
  float* pool2_;       // [16][5][5][L]; later its gradient
  float* logits_;      // [classes][L]
  float* rows_;        // [L][s(n)], a dense layer's output or the gradient of its input
  float* conv1_sums_;  // [8 p][6 o][5 u][L]
  float* bias_sums_;   // [16][L]
};

}  // namespace lenet
