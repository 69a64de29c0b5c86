// The table of one instruction set.
#include "cpu/kernels/layers.h"
#include "cpu/kernels/single_image.h"

namespace lenet {

namespace LENET_ISA {

extern const KernelTable table;
const KernelTable table = {
    LENET_ISA_NAME,
    kLanes,
    gather,
    winograd_weight,
    winograd_weight_gradient,
    conv1_forward,
    {{conv1_backward<Activation::SIGMOID, Pooling::AVG>,
      conv1_backward<Activation::SIGMOID, Pooling::MAX>},
     {conv1_backward<Activation::TANH, Pooling::AVG>,
      conv1_backward<Activation::TANH, Pooling::MAX>},
     {conv1_backward<Activation::RELU, Pooling::AVG>,
      conv1_backward<Activation::RELU, Pooling::MAX>}},
    conv2_input_row,
    conv2_input_gradient_row,
    conv2_forward,
    conv2_backward,
    {{activation_pool_forward<Activation::SIGMOID, Pooling::AVG>,
      activation_pool_forward<Activation::SIGMOID, Pooling::MAX>},
     {activation_pool_forward<Activation::TANH, Pooling::AVG>,
      activation_pool_forward<Activation::TANH, Pooling::MAX>},
     {activation_pool_forward<Activation::RELU, Pooling::AVG>,
      activation_pool_forward<Activation::RELU, Pooling::MAX>}},
    {{activation_pool_backward<Activation::SIGMOID, Pooling::AVG>,
      activation_pool_backward<Activation::SIGMOID, Pooling::MAX>},
     {activation_pool_backward<Activation::TANH, Pooling::AVG>,
      activation_pool_backward<Activation::TANH, Pooling::MAX>},
     {activation_pool_backward<Activation::RELU, Pooling::AVG>,
      activation_pool_backward<Activation::RELU, Pooling::MAX>}},
    dense_forward,
    dense_backward_data,
    dense_backward_weight,
    dense_rows,
    dense_weights,
    {activation_forward<Activation::SIGMOID>, activation_forward<Activation::TANH>,
     activation_forward<Activation::RELU>},
    {activation_backward<Activation::SIGMOID>, activation_backward<Activation::TANH>,
     activation_backward<Activation::RELU>},
    cross_entropy,
    softmax,
    lanes_to_rows,
    rows_to_lanes,
    add_lane_sums,
    sum_groups,
    sgd,
    {kSingleImageCrossover,
     single_image_weights_size,
     arrange_single_image_weights,
     {{predict_single_image<Activation::SIGMOID, Pooling::AVG>,
       predict_single_image<Activation::SIGMOID, Pooling::MAX>},
      {predict_single_image<Activation::TANH, Pooling::AVG>,
       predict_single_image<Activation::TANH, Pooling::MAX>},
      {predict_single_image<Activation::RELU, Pooling::AVG>,
       predict_single_image<Activation::RELU, Pooling::MAX>}}},
};

}  // namespace LENET_ISA
}  // namespace lenet
