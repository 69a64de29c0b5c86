// The network's convolutions and poolings as cuDNN execution plans: NCHW, float32, packed. A plan
// is built once for a batch size and executed many times.
//
// The same code builds plans without a GPU, for a device that is only described, so that a test can
// ask the real cuDNN whether every plan exists on every architecture (tests/cuda/deviceless).
//
// The gradient of max pooling is not here, because cuDNN cannot promise ours: ties are common over
// a flat background, and the whole gradient must go to the first maximum. With the index tensor
// cuDNN insists on channels-last; from x and y it has an engine, but nothing says to which of
// several maxima that one gives the gradient. It takes a kernel of our own.
#pragma once

#include <cudnn_graph.h>

#include <cstddef>
#include <memory>
#include <string>

#include "lenet/engine.h"

namespace lenet::cuda {

class Descriptor;

struct PlanOptions {
  // Only engines that compute the same bits run after run. False only in tests, to show that the
  // choice heeds it.
  bool deterministic = true;
  // Also engines that round float32 inputs to TF32 for the tensor cores.
  bool allow_tf32 = false;
  // Engines that want more are passed over.
  size_t workspace_limit = size_t{64} << 20;
};

// Where plans are to run.
class PlanTarget {
 public:
  // The handle's device. The handle must outlive the target.
  static PlanTarget handle(cudnnHandle_t handle);
  // A device described by cuDNN's JSON: plans for it can be built, but not executed.
  static PlanTarget device_properties(const std::string& json);

  // Of these exactly one is not null.
  cudnnHandle_t live() const { return handle_; }
  const Descriptor* described() const { return properties_.get(); }

 private:
  cudnnHandle_t handle_ = nullptr;
  std::shared_ptr<const Descriptor> properties_;
};

class Plan {
 public:
  struct Impl;
  explicit Plan(std::unique_ptr<Impl> impl);
  Plan(Plan&&) noexcept;
  ~Plan();

  size_t workspace_bytes() const;
  // Enqueues the operation on the handle's stream.
  // pointers: device memory in the order that the function which made the plan documents, 16-byte
  // aligned; biases need only 4, since conv1.bias is not better aligned in the parameter arena.
  // workspace: device memory of workspace_bytes(), 16-byte aligned; may be null if that is 0.
  // Allocates nothing on the device, and nothing at all if the pointers are those of the last call.
  void execute(cudnnHandle_t handle, const void* const* pointers, void* workspace);
  // For the table of plans in tests/cuda/deviceless, such as "engine 11 {knob 2 = 1}".
  const std::string& engine_name() const;

 private:
  std::unique_ptr<Impl> impl_;
};

// CONV1: x [n,1,28,28], w [6,1,5,5], padding 2, y [n,6,28,28]
// CONV2: x [n,6,14,14], w [16,6,5,5], no padding, y [n,16,10,10]
// The poolings are 2 x 2 with stride 2 over these y. Biases are [channels].
enum class ConvLayer { CONV1, CONV2 };

// Each of these throws lenet::Error if no engine fits the options, saying for which operation and
// device and why every engine was passed over. Outputs are overwritten, never accumulated.

// pointers: x, w, b, y. Every activation has precompiled engines on every architecture, so that no
// caller needs a convolution without one followed by a kernel of its own.
Plan conv_bias_activation_forward(const PlanTarget& target, ConvLayer layer, int batch,
                                  Activation activation, const PlanOptions& options = {});
// pointers: x, w, b, y. For looking at the output of the convolution itself.
Plan conv_bias_forward(const PlanTarget& target, ConvLayer layer, int batch,
                       const PlanOptions& options = {});
// pointers: dy, w, dx
Plan conv_backward_data(const PlanTarget& target, ConvLayer layer, int batch,
                        const PlanOptions& options = {});
// pointers: x, dy, dw
Plan conv_backward_filter(const PlanTarget& target, ConvLayer layer, int batch,
                          const PlanOptions& options = {});
// pointers: x, y. cuDNN is asked to pass a NaN on, here and in relu. Backward is the engine's own
// kernel (kernels.cuh, pool_backward).
Plan pool_forward(const PlanTarget& target, ConvLayer layer, int batch, Pooling pooling,
                  const PlanOptions& options = {});

}  // namespace lenet::cuda
