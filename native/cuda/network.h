// The network on one device: its memory, its plans and graphs by batch size, and the calls of a
// forward pass and of a training step. Which examples it takes is told by a Source in its memory.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "core/layout.h"
#include "cuda/cudnn_plans.h"
#include "cuda/resources.h"
#include "lenet/engine.h"

namespace lenet::cuda {

struct Source;
struct Sums;

// The device is current during every call, construction and destruction included.
class Network {
 public:
  // Images of a forward pass at a time where the user gave no batch size.
  static constexpr int kChunk = 1024;
  // Larger tensors would not have 32-bit indices.
  static constexpr int kMaxBatch = INT32_MAX / 4704;

  explicit Network(const Config& config);
  ~Network();

  // What training steps and everything else read and count; in device memory.
  enum Slot { TRAINING, OTHER };
  void set_source(Slot slot, const Source& source);
  void set_sums(Slot slot, const Sums& sums);
  Sums sums(Slot slot);

  // Gets ready for training steps of this size, so that train() neither allocates nor waits.
  // OTHER must hold a source with labels: the step is run once on it, without consequences.
  void prepare_training(int batch);
  // Enqueues one step on the source TRAINING.
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
  static int padded(int images);

  float* parameters() { return parameters_; }
  float* velocities() { return velocities_; }
  float* gradient() { return gradient_; }
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

  Shape& shape(int batch);
  Shape& training_shape(int batch);
  void reserve_activations(int batch);
  void reserve_workspace(size_t bytes);
  void forget_graphs();
  void forward(Shape& shape, const Source* source);
  void backward(Shape& shape, Source* source, Sums* sums);
  void enqueue_step(Shape& shape);
  void capture(Shape& shape);
  void convolve(Plan& plan, const float* x, int weight, int bias, float* y);
  void dense_forward(int batch, int n, int m, const float* x, int weight, float* z);
  void dense_backward_data(int batch, int n, int m, const float* dz, int weight, float* dx);
  void dense_backward_weight(int batch, int n, int m, const float* x, const float* dz,
                             int weight);
  void head_forward(int batch);
  void head_backward_weight(int batch);
  void pre_activations(ConvLayer layer, int batch);

  Config config_;
  ParameterLayout layout_;
  int activation_;
  // Destroyed last to first: handles and graphs before the stream.
  Stream stream_;
  DeviceMemory persistent_;
  DeviceMemory activation_memory_;
  DeviceMemory workspace_;
  CublasHandle cublas_;
  CudnnHandle cudnn_;

  float* parameters_ = nullptr;
  float* velocities_ = nullptr;
  float* gradient_ = nullptr;
  Source* sources_ = nullptr;
  Sums* sums_ = nullptr;
  struct PartialSums;
  std::unique_ptr<PartialSums> slabs_;
  int capacity_ = 0;
  std::unique_ptr<Activations> activations_;

  std::map<int, std::unique_ptr<Shape>> shapes_;
  std::string graph_failure_;
};

}  // namespace lenet::cuda
