#include "cpu/tile.h"

#include <cstring>

namespace lenet {
namespace {

constexpr int kPaddedPixels = 32 * 32;

int tile_values(int classes) {
  return kPaddedPixels + 4704 + 2 * 1176 + 1600 + 2 * kFlat + 2 * kFc1 + 2 * kFc2 + 2 * classes;
}

}  // namespace

Tile::Tile(const Config& config, const KernelTable* kernels)
    : config_(config),
      kernels_(kernels),
      layout_(config.classes),
      memory_(size_t(tile_values(config.classes)) * kernels->lanes),
      x_(take(kPaddedPixels)),
      conv1_(take(4704)),
      pool1_(take(1176)),
      conv2_(take(1600)),
      pool2_(take(kFlat)),
      fc1_(take(kFc1)),
      fc2_(take(kFc2)),
      logits_(take(config.classes)),
      dpool1_(take(1176)),
      dpool2_(take(kFlat)),
      dfc1_(take(kFc1)),
      dfc2_(take(kFc2)),
      dlogits_(take(config.classes)) {}

float* Tile::take(int values) {
  float* p = memory_.data() + size_t(taken_) * kernels_->lanes;
  taken_ += values;
  return p;
}

void Tile::keep(const Capture* capture, Layer layer, const float* values) const {
  if (capture == nullptr || capture->layer != layer) return;
  int size = layer_size(static_cast<int>(layer), config_.classes);
  std::memcpy(capture->values, values, size_t(size) * kernels_->lanes * sizeof(float));
}

void Tile::forward(const float* parameters, const uint8_t* const* images, const Capture* capture) {
  const auto activation_pool =
      kernels_->activation_pool_forward[static_cast<int>(config_.activation)]
                                       [static_cast<int>(config_.pooling)];
  // A layer before its activation exists only until its rows are activated, so rows are captured
  // as they come.
  const int lanes = kernels_->lanes;
  auto keep_rows = [&](Layer layer, const float* values, int channels, int size, int row_pair) {
    if (capture == nullptr || capture->layer != layer) return;
    for (int c = 0; c < channels; c++) {
      size_t at = size_t(c * size + 2 * row_pair) * size * lanes;
      std::memcpy(capture->values + at, values + at, size_t(2) * size * lanes * sizeof(float));
    }
  };

  kernels_->gather(images, config_.input_scale, config_.input_offset, x_);
  for (int row_pair = 0; row_pair < 14; row_pair++) {
    kernels_->conv1_forward(x_, parameters + layout_.conv1_weight, parameters + layout_.conv1_bias,
                            row_pair, conv1_);
    keep_rows(Layer::CONV1, conv1_, kConv1Channels, 28, row_pair);
    activation_pool(kConv1Channels, 28, row_pair, conv1_, pool1_);
  }
  keep(capture, Layer::CONV1_ACTIVATION, conv1_);
  keep(capture, Layer::POOL1, pool1_);
  for (int row_pair = 0; row_pair < 5; row_pair++) {
    kernels_->conv2_forward(pool1_, parameters + layout_.conv2_weight,
                            parameters + layout_.conv2_bias, row_pair, conv2_);
    keep_rows(Layer::CONV2, conv2_, kConv2Channels, 10, row_pair);
    activation_pool(kConv2Channels, 10, row_pair, conv2_, pool2_);
  }
  keep(capture, Layer::CONV2_ACTIVATION, conv2_);
  keep(capture, Layer::POOL2, pool2_);
  keep(capture, Layer::FLATTEN, pool2_);

  const auto activation = kernels_->activation_forward[static_cast<int>(config_.activation)];
  dense(pool2_, kFlat, parameters + layout_.fc1_weight, parameters + layout_.fc1_bias, kFc1, fc1_,
        Layer::FC1, capture);
  activation(kFc1, fc1_);
  keep(capture, Layer::FC1_ACTIVATION, fc1_);
  dense(fc1_, kFc1, parameters + layout_.fc2_weight, parameters + layout_.fc2_bias, kFc2, fc2_,
        Layer::FC2, capture);
  activation(kFc2, fc2_);
  keep(capture, Layer::FC2_ACTIVATION, fc2_);
  dense(fc2_, kFc2, parameters + layout_.fc3_weight, parameters + layout_.fc3_bias, config_.classes,
        logits_, Layer::FC3, capture);
}

void Tile::dense(const float* in, int n, const float* weight, const float* bias, int m, float* out,
                 Layer layer, const Capture* capture) const {
  kernels_->dense_forward(in, n, weight, bias, m, out);
  keep(capture, layer, out);
}

void Tile::loss(const int32_t* labels, int count, bool with_gradient, float smoothing, float scale,
                float* losses, uint8_t* correct) {
  kernels_->cross_entropy(logits_, config_.classes, labels, count, smoothing, scale, losses,
                          correct, with_gradient ? dlogits_ : nullptr);
}

void Tile::backward(const float* parameters, float* group_sums, DenseRows* rows, int first_row) {
  const int activation = static_cast<int>(config_.activation);
  const auto activation_backward = kernels_->activation_backward[activation];
  const auto activation_pool_backward =
      kernels_->activation_pool_backward[activation][static_cast<int>(config_.pooling)];
  const int lanes = kernels_->lanes;

  kernels_->dense_backward_data(dlogits_, config_.classes, parameters + layout_.fc3_weight, kFc2,
                                dfc2_);
  activation_backward(kFc2, fc2_, dfc2_);
  kernels_->dense_backward_data(dfc2_, kFc2, parameters + layout_.fc2_weight, kFc1, dfc1_);
  activation_backward(kFc1, fc1_, dfc1_);
  kernels_->dense_backward_data(dfc1_, kFc1, parameters + layout_.fc1_weight, kFlat, dpool2_);

  auto to_rows = [&](const float* values, int n, AlignedBuffer& buffer, int stride) {
    kernels_->lanes_to_rows(values, n, buffer.data() + size_t(first_row) * stride, stride);
  };
  to_rows(pool2_, kFlat, rows->flat, DenseRows::kStride400);
  to_rows(fc1_, kFc1, rows->fc1, DenseRows::kStride120);
  to_rows(fc2_, kFc2, rows->fc2, DenseRows::kStride84);
  to_rows(dfc1_, kFc1, rows->dfc1, DenseRows::kStride120);
  to_rows(dfc2_, kFc2, rows->dfc2, DenseRows::kStride84);
  to_rows(dlogits_, config_.classes, rows->dlogits, rows->class_stride);

  float* conv1_weight_sums = group_sums + size_t(layout_.conv1_weight) * lanes;
  float* conv1_bias_sums = group_sums + size_t(layout_.conv1_bias) * lanes;
  float* conv2_weight_sums = group_sums + size_t(layout_.conv2_weight) * lanes;
  float* conv2_bias_sums = group_sums + size_t(layout_.conv2_bias) * lanes;
  activation_pool_backward(kConv2Channels, 10, pool2_, dpool2_, conv2_, conv2_bias_sums);
  kernels_->conv2_backward_weight(pool1_, conv2_, conv2_weight_sums);
  kernels_->conv2_backward_data(conv2_, parameters + layout_.conv2_weight, dpool1_);
  activation_pool_backward(kConv1Channels, 28, pool1_, dpool1_, conv1_, conv1_bias_sums);
  kernels_->conv1_backward_weight(x_, conv1_, conv1_weight_sums);
}

}  // namespace lenet
