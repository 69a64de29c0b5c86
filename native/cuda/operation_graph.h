// The tensors and operations that one cuDNN plan computes: packed NCHW float32, in float32.
#pragma once

#include <cstdint>
#include <vector>

#include "cuda/cudnn_descriptor.h"

namespace lenet::cuda {

class OperationGraph {
 public:
  using Dims = std::vector<int64_t>;
  // Valid as long as this graph.
  using Part = DescriptorRef;

  // What the caller passes a pointer for; the order of these is the order of the pointers.
  struct Memory {
    int64_t id;
    int64_t alignment;
  };

  // A tensor in memory.
  Part memory(const Dims& dims, int64_t alignment);
  // A tensor on the way from one operation to the next.
  Part between(const Dims& dims);

  // A cross-correlation with stride 1.
  Part convolution(int64_t padding);
  void convolution_forward(Part convolution, Part x, Part w, Part y);
  void convolution_backward_data(Part convolution, Part dy, Part w, Part dx);
  void convolution_backward_filter(Part convolution, Part x, Part dy, Part dw);

  // y = x + b, with b [1,c,1,1] broadcast.
  void add_bias(Part x, Part b, Part y);
  void activation(cudnnPointwiseMode_t mode, Part x, Part y);

  // 2 x 2 windows with stride 2. A maximum passes a NaN on.
  Part pooling(cudnnResampleMode_t mode);
  void pooling_forward(Part pooling, Part x, Part y);

  // The finished graph; handle is null if the device is only described.
  Descriptor finish(cudnnHandle_t handle) const;

  const std::vector<Memory>& memories() const { return memories_; }

 private:
  Part tensor(const Dims& dims, int64_t alignment, bool is_virtual);
  Part pointwise(cudnnPointwiseMode_t mode);
  Part keep(Descriptor&& part);
  void keep_operation(Descriptor&& operation);

  int64_t next_id_ = 1;
  DescriptorList parts_;
  std::vector<Part> operations_;
  std::vector<Memory> memories_;
};

}  // namespace lenet::cuda
