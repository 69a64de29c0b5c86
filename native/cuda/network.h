// The network on one device: its memory, its plans and graphs by batch size, and the calls of a
// forward pass and of a training step. Which examples it takes is told by a Source in its memory.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <memory>
#include <string>

#include "core/layout.h"
#include "cuda/cudnn_plans.h"
#include "cuda/kernel_types.h"
#include "cuda/resources.h"
#include "lenet/engine.h"

namespace lenet::cuda {

// The device is current during every call, construction and destruction included.
class Network {
 public:
  // Images per forward pass when no batch size is given.
  static constexpr int kChunk = 1024;
  // Larger tensors would not have 32-bit indices.
  static constexpr int kMaxBatch = INT32_MAX / kConv1Values;

  explicit Network(const Config& config);
  ~Network();

  // Who takes and counts mini-batches: each has a source and sums in device memory.
  enum Slot { TRAINING, OTHER, WARM_UP, SLOTS };
  void set_source(Slot slot, const Source& source);
  void set_sums(Slot slot, const Sums& sums);
  Sums sums(Slot slot);

  // Gets ready for training steps of this size, so that train() neither allocates nor waits.
  void prepare_training(int batch);
  // Enqueues one step on the source TRAINING. After a failure nothing but that source is changed.
  void train(int batch);
  // Enqueues forward and backward on the source OTHER; gradient() has the result.
  void accumulate_gradient(int batch);
  // Enqueues forward and metrics on the source OTHER.
  void measure(int batch);
  // Enqueues a forward pass on the source OTHER. Returns device memory with the output of a layer,
  // [batch][layer size].
  const float* layer_output(Layer layer, int batch);
  // The same for the class probabilities, [batch][classes].
  const float* probabilities(int batch);
  // Room for kChunk images of the host's.
  uint8_t* staging();

  // The plan size for so many images: few different ones, so that few plans are built.
  static int padded_batch(int images);

  float* parameters();
  float* velocities();
  float* gradient();
  const ParameterLayout& layout() const { return layout_; }

  // Copies return after the stream has done all that was asked of it before, so that the host's
  // memory is free again.
  void upload(void* device, const void* host, size_t bytes);
  void download(void* host, const void* device, size_t bytes);
  void synchronize();

  // Why steps are not replayed as graphs although they should be; empty if they are.
  const std::string& graph_failure() const { return graph_failure_; }

 private:
  struct Shape;
  struct Activations;
  struct State;

  Shape& shape(int batch);
  Shape& shape_with_gradients(int batch);
  void reserve_activations(int batch);
  void reserve_workspace(size_t bytes);
  void forget_graphs();
  void warm_up(Shape& shape);
  void capture(Shape& shape);
  void forward(Shape& shape, Slot slot);
  const float* class_rows(int batch, bool softmax);
  void loss(int batch, bool with_gradient);
  void backward(Shape& shape, Slot slot);
  void enqueue_step(Shape& shape, Slot slot);
  void convolve(Plan& plan, const float* x, int weight, int bias, float* y);
  void execute(Plan& plan, std::initializer_list<const void*> pointers);
  void multiply(cublasOperation_t a_op, cublasOperation_t b_op, int m, int n, int k, const float* a,
                int lda, const float* b, int ldb, float* c, int ldc);
  void dense(int batch, int n, int m, const float* x, int weight, int bias, int activation,
             float* z);
  void dense_backward_data(int batch, int n, int m, const float* dz, int weight, float* dx);
  void dense_backward_weight(int batch, int n, int m, const float* x, const float* dz, int weight);

  const Config config_;
  const ParameterLayout layout_;
  // Destroyed last to first: what uses the stream goes before it.
  Stream stream_;
  DeviceMemory state_memory_;
  DeviceMemory activation_memory_;
  DeviceMemory workspace_;
  CublasHandle cublas_;
  CudnnHandle cudnn_;
  std::unique_ptr<State> state_;
  std::unique_ptr<Activations> activations_;
  std::map<int, std::unique_ptr<Shape>> shapes_;
  std::string graph_failure_;
};

}  // namespace lenet::cuda
