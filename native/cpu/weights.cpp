#include "cpu/weights.h"

#include <cstring>

namespace lenet {
namespace {

size_t dense_size(int n, int m) {
  return size_t(m + kDenseRowBlock - 1) / kDenseRowBlock * kDenseRowBlock * dense_stride(n);
}

}  // namespace

Weights::Weights(const KernelTable* kernels, int classes)
    : kernels_(kernels),
      layout_(classes),
      classes_(classes),
      parameters_(layout_.size),
      conv1_(kConvPoints * kConv1Rows),
      conv2_(kConvPoints * kConv2Rows),
      fc1_(dense_size(kFlat, kFc1)),
      fc2_(dense_size(kFc1, kFc2)),
      fc3_(dense_size(kFc2, classes)) {}

void Weights::read(float* parameters) const {
  std::memcpy(parameters, parameters_.data(), layout_.size * sizeof(float));
  kernels_->dense_weights(fc1_.data(), kFlat, kFc1, parameters + layout_.fc1_weight);
  kernels_->dense_weights(fc2_.data(), kFc1, kFc2, parameters + layout_.fc2_weight);
  kernels_->dense_weights(fc3_.data(), kFc2, classes_, parameters + layout_.fc3_weight);
}

void Weights::write(const float* parameters) {
  std::memcpy(parameters_.data(), parameters, layout_.size * sizeof(float));
  prepare_convolutions();
  kernels_->dense_rows(parameters + layout_.fc1_weight, kFlat, kFc1, fc1_.data());
  kernels_->dense_rows(parameters + layout_.fc2_weight, kFc1, kFc2, fc2_.data());
  kernels_->dense_rows(parameters + layout_.fc3_weight, kFc2, classes_, fc3_.data());
}

void Weights::prepare_convolutions() {
  const float* p = parameters_.data();
  kernels_->winograd_weight(p + layout_.conv1_weight, kConv1Rows, conv1_.data());
  kernels_->winograd_weight(p + layout_.conv2_weight, kConv2Rows, conv2_.data());
}

}  // namespace lenet
