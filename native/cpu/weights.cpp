#include "cpu/weights.h"

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

void Weights::prepare() {
  prepare_convolutions();
  const float* p = parameters_.data();
  kernels_->dense_rows(p + layout_.fc1_weight, kFlat, kFc1, fc1_.data());
  kernels_->dense_rows(p + layout_.fc2_weight, kFc1, kFc2, fc2_.data());
  kernels_->dense_rows(p + layout_.fc3_weight, kFc2, classes_, fc3_.data());
}

void Weights::prepare_convolutions() {
  const float* p = parameters_.data();
  kernels_->winograd_weight(p + layout_.conv1_weight, kConv1Rows, conv1_.data());
  kernels_->winograd_weight(p + layout_.conv2_weight, kConv2Rows, conv2_.data());
}

}  // namespace lenet
