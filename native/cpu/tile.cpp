#include "cpu/tile.h"

#include <algorithm>
#include <cstring>

namespace lenet {
namespace {

constexpr int kPaddedPixels = 32 * 32;
constexpr int kWindow = kConv1Window * kConvPoints * (kImageSize / 4);
constexpr int kPool1Row = kConv1Channels * kPool1Size;
constexpr int kConv1RowPair = kPool1Row * 4;
constexpr int kPool1Transformed = kConv2Slots * kPool1Row;
constexpr int kConv2Gradient = 2 * kConv2Tiles * kConv2Channels * kConv2Size;
constexpr int kConv1Sums = kConvPoints * kConv1Rows;

// Floats of the longest dense row.
int row_values(int classes) { return std::max(dense_stride(kFlat), dense_stride(classes)); }

int tile_values(int classes) {
  return kPaddedPixels + kWindow + kPool1Row + kConv1Values + kPool1Transformed + kConv2Values +
         kConv2Gradient + kFlat + classes + row_values(classes) + kConv1Sums + kConv2Channels;
}

}  // namespace

Tile::Tile(const Config& config, const KernelTable* kernels)
    : config_(config),
      kernels_(kernels),
      layout_(config.classes),
      memory_(size_t(tile_values(config.classes)) * kernels->lanes),
      own_(kernels->lanes, config.classes),
      x_(take(kPaddedPixels)),
      window_(take(kWindow)),
      row_(take(kPool1Row)),
      conv1_(take(kConv1Values)),
      pool1_(take(kPool1Transformed)),
      conv2_(take(kConv2Values)),
      dconv2_(take(kConv2Gradient)),
      pool2_(take(kFlat)),
      logits_(take(config.classes)),
      rows_(take(row_values(config.classes))),
      conv1_sums_(take(kConv1Sums)),
      bias_sums_(take(kConv2Channels)) {}

float* Tile::take(int values) {
  float* p = memory_.data() + size_t(taken_) * kernels_->lanes;
  taken_ += values;
  return p;
}

void Tile::keep(const Capture* capture, Layer layer, const float* values) const {
  if (capture == nullptr || capture->layer != layer) return;
  int size = layer_size(layer, config_.classes);
  std::memcpy(capture->values, values, size_t(size) * kernels_->lanes * sizeof(float));
}

// cells [channels][rows][size / 2][4][L] -> pairs of rows of [channels][size][size][L]
void Tile::keep_cells(const Capture* capture, Layer layer, const float* cells, int channels,
                      int size, int first_row, int rows) const {
  if (capture == nullptr || capture->layer != layer) return;
  const int lanes = kernels_->lanes;
  for (int c = 0; c < channels; c++) {
    for (int row = first_row; row < first_row + rows; row++) {
      for (int k = 0; k < size / 2; k++) {
        for (int r = 0; r < 2; r++, cells += 2 * lanes) {
          const size_t at = size_t(c * size + 2 * row + r) * size + 2 * k;
          std::memcpy(capture->values + at * lanes, cells, size_t(2) * lanes * sizeof(float));
        }
      }
    }
  }
}

void Tile::keep_rows(const Capture* capture, Layer layer, const float* rows, int n) const {
  if (capture == nullptr || capture->layer != layer) return;
  kernels_->rows_to_lanes(rows, n, dense_stride(n), capture->values);
}

void Tile::forward(const Weights& weights, const uint8_t* const* images, DenseExamples* examples,
                   int first, const Capture* capture) {
  forward_convolutions(weights, images, capture);

  const auto activation = kernels_->activation_forward[static_cast<int>(config_.activation)];
  const float* parameters = weights.parameters();
  float* flat = examples->flat + size_t(first) * dense_stride(kFlat);
  float* fc1 = examples->fc1 + size_t(first) * dense_stride(kFc1);
  float* fc2 = examples->fc2 + size_t(first) * dense_stride(kFc2);
  kernels_->lanes_to_rows(pool2_, kFlat, flat, dense_stride(kFlat));
  kernels_->dense_forward(flat, kFlat, weights.fc1(), parameters + layout_.fc1_bias, kFc1, fc1);
  keep_rows(capture, Layer::FC1, fc1, kFc1);
  // As many vectors as a row has floats, since there are L rows.
  activation(dense_stride(kFc1), fc1);
  keep_rows(capture, Layer::FC1_ACTIVATION, fc1, kFc1);
  kernels_->dense_forward(fc1, kFc1, weights.fc2(), parameters + layout_.fc2_bias, kFc2, fc2);
  keep_rows(capture, Layer::FC2, fc2, kFc2);
  activation(dense_stride(kFc2), fc2);
  keep_rows(capture, Layer::FC2_ACTIVATION, fc2, kFc2);
  kernels_->dense_forward(fc2, kFc2, weights.fc3(), parameters + layout_.fc3_bias, config_.classes,
                          rows_);
  kernels_->rows_to_lanes(rows_, config_.classes, dense_stride(config_.classes), logits_);
  keep(capture, Layer::FC3, logits_);
}

void Tile::forward_convolutions(const Weights& weights, const uint8_t* const* images,
                                const Capture* capture) {
  const auto activation_pool =
      kernels_->activation_pool_forward[static_cast<int>(config_.activation)]
                                       [static_cast<int>(config_.pooling)];
  const int lanes = kernels_->lanes;
  const float* parameters = weights.parameters();
  kernels_->gather(images, config_.input_scale, config_.input_offset, x_);
  for (int y = 0; y < kPool1Size; y++) {
    float* cells = conv1_ + size_t(y) * kConv1RowPair * lanes;
    kernels_->conv1_forward(x_, weights.conv1(), parameters + layout_.conv1_bias, y, window_,
                            cells);
    keep_cells(capture, Layer::CONV1, cells, kConv1Channels, kImageSize, y, 1);
    activation_pool(kPool1Row, cells, row_);
    keep_cells(capture, Layer::CONV1_ACTIVATION, cells, kConv1Channels, kImageSize, y, 1);
    if (capture != nullptr && capture->layer == Layer::POOL1) {
      for (int c = 0; c < kConv1Channels; c++) {
        const size_t row = size_t(kPool1Size) * lanes;
        std::memcpy(capture->values + (c * kPool1Size + y) * row, row_ + c * row,
                    row * sizeof(float));
      }
    }
    kernels_->conv2_input_row(row_, y, pool1_);
  }
  kernels_->conv2_forward(pool1_, weights.conv2(), parameters + layout_.conv2_bias, conv2_);
  keep_cells(capture, Layer::CONV2, conv2_, kConv2Channels, kConv2Size, 0, kPool2Size);
  activation_pool(kFlat, conv2_, pool2_);
  keep_cells(capture, Layer::CONV2_ACTIVATION, conv2_, kConv2Channels, kConv2Size, 0, kPool2Size);
  keep(capture, Layer::POOL2, pool2_);
  keep(capture, Layer::FLATTEN, pool2_);
}

void Tile::loss(const int32_t* labels, int count, float smoothing, float scale, float* losses,
                uint8_t* correct, float* dlogits) {
  kernels_->cross_entropy(logits_, config_.classes, labels, count, smoothing, scale, losses,
                          correct, dlogits);
}

void Tile::backward(const Weights& weights, float* conv_sums, DenseExamples* examples, int first) {
  const auto activation_backward =
      kernels_->activation_backward[static_cast<int>(config_.activation)];
  const float* fc1 = examples->fc1 + size_t(first) * dense_stride(kFc1);
  const float* fc2 = examples->fc2 + size_t(first) * dense_stride(kFc2);
  const float* dlogits = examples->dlogits + size_t(first) * config_.classes;
  float* dfc1 = examples->dfc1 + size_t(first) * kFc1;
  float* dfc2 = examples->dfc2 + size_t(first) * kFc2;
  kernels_->dense_backward_data(dlogits, config_.classes, weights.fc3(), kFc2, rows_);
  activation_backward(dense_stride(kFc2), fc2, rows_);
  kernels_->rows_to_lanes(rows_, kFc2, dense_stride(kFc2), dfc2);
  kernels_->dense_backward_data(dfc2, kFc2, weights.fc2(), kFc1, rows_);
  activation_backward(dense_stride(kFc1), fc1, rows_);
  kernels_->rows_to_lanes(rows_, kFc1, dense_stride(kFc1), dfc1);
  kernels_->dense_backward_data(dfc1, kFc1, weights.fc1(), kFlat, rows_);
  kernels_->rows_to_lanes(rows_, kFlat, dense_stride(kFlat), pool2_);
  backward_convolutions(weights, conv_sums);
}

// From pool2_, which holds its gradient now.
void Tile::backward_convolutions(const Weights& weights, float* conv_sums) {
  const int activation = static_cast<int>(config_.activation);
  const int pooling = static_cast<int>(config_.pooling);
  const size_t lanes = kernels_->lanes;
  std::memset(bias_sums_, 0, kConv2Channels * lanes * sizeof(float));
  kernels_->activation_pool_backward[activation][pooling](kConv2Channels, kFlat / kConv2Channels,
                                                          pool2_, conv2_, conv2_, bias_sums_);
  kernels_->add_lane_sums(kConv2Channels, bias_sums_, conv_sums + ConvSums::kConv2Bias);
  kernels_->conv2_backward(conv2_, weights.conv2(), pool1_, dconv2_,
                           conv_sums + ConvSums::kConv2Weight);

  std::memset(bias_sums_, 0, kConv1Channels * lanes * sizeof(float));
  std::memset(conv1_sums_, 0, kConv1Sums * lanes * sizeof(float));
  for (int y = 0; y < kPool1Size; y++) {
    kernels_->conv2_input_gradient_row(pool1_, y, row_);
    kernels_->conv1_backward[activation][pooling](
        x_, row_, conv1_ + size_t(y) * kConv1RowPair * lanes, y, window_, conv1_sums_, bias_sums_);
  }
  kernels_->add_lane_sums(kConv1Channels, bias_sums_, conv_sums + ConvSums::kConv1Bias);
  kernels_->add_lane_sums(kConv1Sums, conv1_sums_, conv_sums + ConvSums::kConv1Weight);
}

}  // namespace lenet
