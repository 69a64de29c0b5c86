// Who computes what, and why. A step is 25 calls, recorded once per batch size as a CUDA Graph and
// replayed:
//
//   cuDNN   7  conv+bias+activation (2), pooling (2), filter gradients (2), data gradient (1)
//   cuBLAS  8  dense layers: forward (3), weight gradients (3), data gradients of fc2 and fc1 (2)
//   own    10  gather, bias+activation (2), loss, back through fc3 and fc2's activation, fc1's
//              activation, pooling+activation (2), bias sums, update
//
// - Pooling and activation go backward in one kernel of our own. It passes over the largest
//   tensors once instead of twice, and of max pooling cuDNN does not promise our gradient
//   (cudnn_plans.h).
// - The data gradient of fc3 is a product over no more than the classes. It is done where its
//   result is needed, in the kernel of fc2's activation.
// - Gradients of biases and metrics are sums over the examples, taken in kSlabs fixed slabs by
//   kernels that have the values in hand anyway, and finished by `reduce` and `update`. No atomics:
//   the same bits every time.
// - Nothing that the host knows changes from step to step. The step counter, the pointers to the
//   order of examples, rates and dataset lie in device memory (Source); the graph has no argument
//   to update, and one graph serves all epochs and datasets.
// - In an epoch the host only launches graphs. It counts positions and examples itself and waits
//   for nothing until metrics or parameters are read.
// - Everything is on one stream, and cuDNN and cuBLAS share one workspace on it.
#include "cuda/cuda_engine.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "cuda/error.h"

namespace lenet::cuda {
namespace {

int device_index(const char* device) { return std::atoi(device + std::strlen("cuda:")); }

}  // namespace

CudaEngine::CudaEngine(const char* device, const char*, const Config& config)
    : config_(config), device_(device_index(device)) {
  info_ = require_device(device_);
  DeviceScope scope(device_);
  versions_ = versions_found();
  network_ = std::make_unique<Network>(config);
}

CudaEngine::~CudaEngine() {
  // Without its device there is still the host's side to free.
  std::unique_ptr<DeviceScope> scope;
  try {
    scope = std::make_unique<DeviceScope>(device_);
  } catch (const std::exception&) {
  }
  // First, as it waits for the work that uses the rest.
  network_.reset();
  datasets_.clear();
  order_ = DeviceMemory();
  rates_ = DeviceMemory();
  indices_ = DeviceMemory();
}

void CudaEngine::describe(char* text, int32_t capacity) {
  const std::string& failure = network_->graph_failure();
  std::string eager;
  if (!config_.cuda_graph || !failure.empty()) eager = ", without CUDA Graph";
  if (!failure.empty()) eager += ": " + failure;
  std::snprintf(text, capacity, "cuda:%d%s (%s, %s, %s%s%s)", device_,
                info_.is_emulated() ? " [EMULATED on CPU]" : "", info_.name.c_str(),
                info_.architecture().c_str(), versions_.c_str(), config_.tf32 ? ", TF32" : "",
                eager.c_str());
}

int32_t CudaEngine::add_dataset(const uint8_t* pixels, const int32_t* labels, int32_t count) {
  DeviceScope scope(device_);
  const size_t pixel_bytes = size_t(count) * kPixels;
  const size_t label_bytes = size_t(count) * sizeof(int32_t);
  auto examples = std::make_unique<Examples>(
      Examples{DeviceMemory(pixel_bytes), DeviceMemory(label_bytes), count});
  network_->upload(examples->pixels.data(), pixels, pixel_bytes);
  network_->upload(examples->labels.data(), labels, label_bytes);
  datasets_[next_dataset_] = std::move(examples);
  return next_dataset_++;
}

void CudaEngine::remove_dataset(int32_t dataset) {
  DeviceScope scope(device_);
  network_->synchronize();
  datasets_.erase(dataset);
}

void CudaEngine::start_epoch(int32_t dataset, int32_t epoch, const int32_t* order, int32_t count,
                             int32_t batch_size, const float* learning_rates) {
  DeviceScope scope(device_);
  const Examples& examples = *datasets_.at(dataset);
  const size_t order_bytes = size_t(count) * sizeof(int32_t);
  const size_t rates_bytes = size_t(batches_of(count, batch_size)) * sizeof(float);
  // Steps of the last epoch may still be reading the old ones.
  network_->synchronize();
  if (order_.bytes() < order_bytes) order_ = DeviceMemory(order_bytes);
  if (rates_.bytes() < rates_bytes) rates_ = DeviceMemory(rates_bytes);
  network_->upload(order_.data(), order, order_bytes);
  network_->upload(rates_.data(), learning_rates, rates_bytes);
  source_.pixels = examples.pixels.data<uint8_t>();
  source_.labels = examples.labels.data<int32_t>();
  source_.order = order_.data<int32_t>();
  source_.rates = rates_.data<float>();
  source_.count = count;
  source_.batch_size = batch_size;
  source_.augmentation = Augmentation(config_.flip, config_.shift, config_.seed, epoch);
  position_ = 0;
  upload_source();
  network_->prepare_training(batch_at(0));
  network_->prepare_training(batch_at(batches_of(count, batch_size) - 1));
}

int32_t CudaEngine::batch_at(int32_t position) const {
  const int64_t left = source_.count - int64_t{position} * source_.batch_size;
  return static_cast<int32_t>(std::min<int64_t>(source_.batch_size, left));
}

void CudaEngine::upload_source() {
  source_is_stale_ = true;
  source_.step = position_;
  network_->set_source(Network::TRAINING, source_);
  source_is_stale_ = false;
}

void CudaEngine::run(int32_t batches) {
  DeviceScope scope(device_);
  if (source_is_stale_) upload_source();
  // A step that fails half-way may have moved the device's counter.
  source_is_stale_ = true;
  for (int32_t i = 0; i < batches; i++) {
    const int32_t batch = batch_at(position_);
    network_->train(batch);
    position_++;
    examples_ += batch;
  }
  source_is_stale_ = false;
}

void CudaEngine::set_position(int32_t position) {
  if (position == position_) return;
  position_ = position;
  source_is_stale_ = true;
}

Metrics CudaEngine::metrics() {
  DeviceScope scope(device_);
  const Sums sums = network_->sums(Network::TRAINING);
  return {sums.loss, sums.correct, examples_};
}

void CudaEngine::set_metrics(Metrics metrics) {
  DeviceScope scope(device_);
  network_->set_sums(Network::TRAINING, {metrics.loss_sum, metrics.correct});
  examples_ = metrics.count;
}

Metrics CudaEngine::evaluate(int32_t dataset) {
  DeviceScope scope(device_);
  const Examples& examples = *datasets_.at(dataset);
  Source source{};
  source.pixels = examples.pixels.data<uint8_t>();
  source.labels = examples.labels.data<int32_t>();
  source.count = examples.count;
  source.batch_size = Network::kChunk;
  network_->set_source(Network::OTHER, source);
  network_->set_sums(Network::OTHER, Sums{});
  for (int32_t first = 0; first < examples.count; first += Network::kChunk) {
    network_->measure(Network::padded_batch(std::min(Network::kChunk, examples.count - first)));
  }
  const Sums sums = network_->sums(Network::OTHER);
  return {sums.loss, sums.correct, examples.count};
}

double CudaEngine::gradients(int32_t dataset, const int32_t* indices, int32_t count,
                             float* gradient) {
  DeviceScope scope(device_);
  const Examples& examples = *datasets_.at(dataset);
  const size_t bytes = size_t(count) * sizeof(int32_t);
  network_->synchronize();
  if (indices_.bytes() < bytes) indices_ = DeviceMemory(bytes);
  network_->upload(indices_.data(), indices, bytes);
  Source source{};
  source.pixels = examples.pixels.data<uint8_t>();
  source.labels = examples.labels.data<int32_t>();
  source.order = indices_.data<int32_t>();
  source.count = count;
  source.batch_size = count;
  network_->set_source(Network::OTHER, source);
  network_->set_sums(Network::OTHER, Sums{});
  network_->accumulate_gradient(count);
  network_->download(gradient, network_->gradient(), arena_bytes());
  return network_->sums(Network::OTHER).loss / count;
}

// Forward passes over images that lie in the host's memory; forward(batch) returns the device
// memory with `values` floats for each image.
template <class Forward>
void CudaEngine::forward_images(const uint8_t* images, int32_t count, int values, float* output,
                                Forward forward) {
  DeviceScope scope(device_);
  for (int32_t first = 0; first < count; first += Network::kChunk) {
    const int32_t size = std::min(Network::kChunk, count - first);
    uint8_t* staging = network_->staging();
    network_->upload(staging, images + size_t(first) * kPixels, size_t(size) * kPixels);
    Source source{};
    source.pixels = staging;
    source.count = size;
    source.batch_size = size;
    network_->set_source(Network::OTHER, source);
    const float* result = forward(Network::padded_batch(size));
    network_->download(output + size_t(first) * values, result,
                       size_t(size) * values * sizeof(float));
  }
}

void CudaEngine::layer_output(Layer layer, const uint8_t* images, int32_t count, float* output) {
  forward_images(images, count, layer_size(layer, config_.classes), output,
                 [&](int batch) { return network_->layer_output(layer, batch); });
}

void CudaEngine::predict(const uint8_t* images, int32_t count, float* probabilities) {
  forward_images(images, count, config_.classes, probabilities,
                 [&](int batch) { return network_->probabilities(batch); });
}

void CudaEngine::read_parameters(float* parameters) {
  DeviceScope scope(device_);
  network_->download(parameters, network_->parameters(), arena_bytes());
}

void CudaEngine::write_parameters(const float* parameters) {
  DeviceScope scope(device_);
  network_->upload(network_->parameters(), parameters, arena_bytes());
}

void CudaEngine::read_velocities(float* velocities) {
  DeviceScope scope(device_);
  network_->download(velocities, network_->velocities(), arena_bytes());
}

void CudaEngine::write_velocities(const float* velocities) {
  DeviceScope scope(device_);
  network_->upload(network_->velocities(), velocities, arena_bytes());
}

}  // namespace lenet::cuda
