// The cuda engine: lenet::Engine's contract on one NVIDIA GPU.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "cuda/devices.h"
#include "cuda/network.h"
#include "lenet/engine.h"

namespace lenet::cuda {

// Behind lenet::Engine, which validates: the methods are those of lenet/engine.h.
class CudaEngine {
 public:
  // device: "cuda:N"
  CudaEngine(const char* device, const char* isa, const Config& config);
  ~CudaEngine();

  void describe(char* text, int32_t capacity);
  int32_t add_dataset(const uint8_t* pixels, const int32_t* labels, int32_t count);
  void remove_dataset(int32_t dataset);
  void start_epoch(int32_t dataset, int32_t epoch, const int32_t* order, int32_t count,
                   int32_t batch_size, const float* learning_rates);
  void run(int32_t batches);
  int32_t position() { return position_; }
  void set_position(int32_t position);
  Metrics metrics();
  void set_metrics(Metrics metrics);
  Metrics evaluate(int32_t dataset);
  double gradients(int32_t dataset, const int32_t* indices, int32_t count, float* gradient);
  void layer_output(Layer layer, const uint8_t* images, int32_t count, float* output);
  void predict(const uint8_t* images, int32_t count, float* probabilities);
  void read_parameters(float* parameters);
  void write_parameters(const float* parameters);
  void read_velocities(float* velocities);
  void write_velocities(const float* velocities);

 private:
  struct Examples {
    DeviceMemory pixels;  // uint8 [count][28][28]
    DeviceMemory labels;  // int32 [count]
    int32_t count;
  };

  int32_t batch_at(int32_t position) const;
  void upload_source();
  template <class Forward>
  void forward_images(const uint8_t* images, int32_t count, int values, float* output,
                      Forward forward);
  size_t arena_bytes() const { return network_->layout().size * sizeof(float); }

  const Config config_;
  const int device_;
  DeviceInfo info_;
  std::string versions_;
  std::unique_ptr<Network> network_;
  std::map<int32_t, std::unique_ptr<Examples>> datasets_;
  int32_t next_dataset_ = 0;

  // The epoch: source_ is what the device has or, while stale, is yet to get.
  DeviceMemory order_;
  DeviceMemory rates_;
  DeviceMemory indices_;  // of gradients()
  Source source_{};
  bool source_is_stale_ = false;
  int32_t position_ = 0;
  // Counted here, since the host knows how many examples a mini-batch has.
  int64_t examples_ = 0;
};

}  // namespace lenet::cuda
