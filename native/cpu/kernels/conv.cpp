// The two convolution layers.
#include "cpu/kernels/conv5x5.h"
#include "cpu/kernels/layers.h"

namespace lenet::LENET_ISA {

void conv1_forward(const float* x, const float* weight, const float* bias, int row_pair,
                   float* out) {
  conv_forward_rows<1, 6, 32, kManyRegisters ? 6 : 2>(as_vectors(x), weight, bias, row_pair,
                                                      as_vectors(out));
}

void conv2_forward(const float* in, const float* weight, const float* bias, int row_pair,
                   float* out) {
  conv_forward_rows<6, 16, 14, kManyRegisters ? 4 : 2>(as_vectors(in), weight, bias, row_pair,
                                                       as_vectors(out));
}

void conv2_backward_data(const float* d, const float* weight, float* din) {
  conv_backward_data_rows<6, 16, 14>(as_vectors(d), weight, as_vectors(din));
}

void conv1_backward_weight(const float* x, const float* d, float* sums) {
  conv_backward_weight_sums<1, 6, 32, 2, kManyRegisters ? 3 : 2>(as_vectors(x), as_vectors(d),
                                                                 as_vectors(sums));
}

void conv2_backward_weight(const float* in, const float* d, float* sums) {
  conv_backward_weight_sums<6, 16, 14, 0, kManyRegisters ? 4 : 2>(as_vectors(in), as_vectors(d),
                                                                  as_vectors(sums));
}

}  // namespace lenet::LENET_ISA
