#include "cuda/operation_graph.h"

#include <utility>

namespace lenet::cuda {

OperationGraph::Part OperationGraph::memory(const Dims& dims, int64_t alignment) {
  memories_.push_back({next_id_, alignment});
  return tensor(dims, alignment, false);
}

OperationGraph::Part OperationGraph::between(const Dims& dims) { return tensor(dims, 16, true); }

OperationGraph::Part OperationGraph::convolution(int64_t padding) {
  return keep(Descriptor(CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR)
                  .set(CUDNN_ATTR_CONVOLUTION_COMP_TYPE, CUDNN_DATA_FLOAT)
                  .set(CUDNN_ATTR_CONVOLUTION_CONV_MODE, CUDNN_CROSS_CORRELATION)
                  .set(CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, int64_t{2})
                  .set(CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, Dims{padding, padding})
                  .set(CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, Dims{padding, padding})
                  .set(CUDNN_ATTR_CONVOLUTION_DILATIONS, Dims{1, 1})
                  .set(CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, Dims{1, 1}));
}

void OperationGraph::convolution_forward(Part convolution, Part x, Part w, Part y) {
  keep_operation(Descriptor(CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR)
                     .set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC, convolution)
                     .set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X, x)
                     .set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W, w)
                     .set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y, y)
                     .set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA, 1.0f)
                     .set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA, 0.0f));
}

void OperationGraph::convolution_backward_data(Part convolution, Part dy, Part w, Part dx) {
  keep_operation(Descriptor(CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR)
                     .set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC, convolution)
                     .set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY, dy)
                     .set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W, w)
                     .set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX, dx)
                     .set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA, 1.0f)
                     .set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA, 0.0f));
}

void OperationGraph::convolution_backward_filter(Part convolution, Part x, Part dy, Part dw) {
  keep_operation(Descriptor(CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR)
                     .set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC, convolution)
                     .set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_X, x)
                     .set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DY, dy)
                     .set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW, dw)
                     .set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_ALPHA, 1.0f)
                     .set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_BETA, 0.0f));
}

void OperationGraph::add_bias(Part x, Part b, Part y) {
  keep_operation(
      Descriptor(CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR)
          .set(CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR, pointwise(CUDNN_POINTWISE_ADD))
          .set(CUDNN_ATTR_OPERATION_POINTWISE_XDESC, x)
          .set(CUDNN_ATTR_OPERATION_POINTWISE_BDESC, b)
          .set(CUDNN_ATTR_OPERATION_POINTWISE_YDESC, y));
}

void OperationGraph::activation(cudnnPointwiseMode_t mode, Part x, Part y) {
  keep_operation(Descriptor(CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR)
                     .set(CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR, pointwise(mode))
                     .set(CUDNN_ATTR_OPERATION_POINTWISE_XDESC, x)
                     .set(CUDNN_ATTR_OPERATION_POINTWISE_YDESC, y));
}

OperationGraph::Part OperationGraph::pooling(cudnnResampleMode_t mode) {
  cudnnPaddingMode_t padding = mode == CUDNN_RESAMPLE_MAXPOOL ? CUDNN_NEG_INF_PAD : CUDNN_ZERO_PAD;
  return keep(Descriptor(CUDNN_BACKEND_RESAMPLE_DESCRIPTOR)
                  .set(CUDNN_ATTR_RESAMPLE_MODE, mode)
                  .set(CUDNN_ATTR_RESAMPLE_COMP_TYPE, CUDNN_DATA_FLOAT)
                  .set(CUDNN_ATTR_RESAMPLE_NAN_PROPAGATION, CUDNN_PROPAGATE_NAN)
                  .set(CUDNN_ATTR_RESAMPLE_PADDING_MODE, padding)
                  .set(CUDNN_ATTR_RESAMPLE_SPATIAL_DIMS, int64_t{2})
                  .set(CUDNN_ATTR_RESAMPLE_WINDOW_DIMS, Dims{2, 2})
                  .set(CUDNN_ATTR_RESAMPLE_STRIDES, Dims{2, 2})
                  .set(CUDNN_ATTR_RESAMPLE_PRE_PADDINGS, Dims{0, 0})
                  .set(CUDNN_ATTR_RESAMPLE_POST_PADDINGS, Dims{0, 0}));
}

void OperationGraph::pooling_forward(Part pooling, Part x, Part y) {
  keep_operation(Descriptor(CUDNN_BACKEND_OPERATION_RESAMPLE_FWD_DESCRIPTOR)
                     .set(CUDNN_ATTR_OPERATION_RESAMPLE_FWD_DESC, pooling)
                     .set(CUDNN_ATTR_OPERATION_RESAMPLE_FWD_XDESC, x)
                     .set(CUDNN_ATTR_OPERATION_RESAMPLE_FWD_YDESC, y));
}

Descriptor OperationGraph::finish(cudnnHandle_t handle) const {
  Descriptor graph(CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR);
  graph.set(CUDNN_ATTR_OPERATIONGRAPH_OPS, operations_);
  if (handle != nullptr) graph.set(CUDNN_ATTR_OPERATIONGRAPH_HANDLE, handle);
  graph.finalize();
  return graph;
}

OperationGraph::Part OperationGraph::tensor(const Dims& dims, int64_t alignment, bool is_virtual) {
  Dims strides{dims[1] * dims[2] * dims[3], dims[2] * dims[3], dims[3], 1};
  Descriptor tensor(CUDNN_BACKEND_TENSOR_DESCRIPTOR);
  tensor.set(CUDNN_ATTR_TENSOR_UNIQUE_ID, next_id_++)
      .set(CUDNN_ATTR_TENSOR_DATA_TYPE, CUDNN_DATA_FLOAT)
      .set(CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, alignment)
      .set(CUDNN_ATTR_TENSOR_DIMENSIONS, dims)
      .set(CUDNN_ATTR_TENSOR_STRIDES, strides);
  if (is_virtual) tensor.set(CUDNN_ATTR_TENSOR_IS_VIRTUAL, true);
  return keep(std::move(tensor));
}

OperationGraph::Part OperationGraph::pointwise(cudnnPointwiseMode_t mode) {
  Descriptor pointwise(CUDNN_BACKEND_POINTWISE_DESCRIPTOR);
  pointwise.set(CUDNN_ATTR_POINTWISE_MODE, mode)
      .set(CUDNN_ATTR_POINTWISE_MATH_PREC, CUDNN_DATA_FLOAT);
  // Or a relu may turn the NaN of a diverged network into an innocent 0.
  if (mode == CUDNN_POINTWISE_RELU_FWD) {
    pointwise.set(CUDNN_ATTR_POINTWISE_NAN_PROPAGATION, CUDNN_PROPAGATE_NAN);
  }
  return keep(std::move(pointwise));
}

OperationGraph::Part OperationGraph::keep(Descriptor&& part) {
  part.finalize();
  return parts_.add(std::move(part));
}

void OperationGraph::keep_operation(Descriptor&& operation) {
  operations_.push_back(keep(std::move(operation)));
}

}  // namespace lenet::cuda
