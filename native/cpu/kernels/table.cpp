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
    LENET_VARIANTS(conv1_backward),
    conv2_input_row,
    conv2_input_gradient_row,
    conv2_forward,
    conv2_backward,
    LENET_VARIANTS(activation_pool_forward),
    LENET_VARIANTS(activation_pool_backward),
    dense_forward,
    dense_backward_data,
    dense_backward_weight,
    dense_rows,
    dense_weights,
    LENET_ACTIVATIONS(activation_forward),
    LENET_ACTIVATIONS(activation_backward),
    cross_entropy,
    softmax,
    lanes_to_rows,
    rows_to_lanes,
    add_lane_sums,
    sum_groups,
    sgd,
    {kSingleImageCrossover, single_image_weights_size, arrange_single_image_weights,
     LENET_VARIANTS(predict_single_image)},
};

}  // namespace LENET_ISA
}  // namespace lenet
