// The cpu engine: SIMD kernels over tiles of images, several threads, the same bits for any number
// of them.
#pragma once

#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <vector>

#include "core/augmentation.h"
#include "core/counted_bytes.h"
#include "core/engine_table.h"
#include "core/layout.h"
#include "cpu/aligned_buffer.h"
#include "cpu/gradient.h"
#include "cpu/thread_pool.h"
#include "cpu/tile.h"
#include "cpu/weights.h"
#include "lenet/engine.h"

namespace lenet {

const EngineTable* cpu_engine_table();

// Behind lenet::Engine, which validates: the methods are those of lenet/engine.h.
class CpuEngine {
 public:
  CpuEngine(const char* device, const char* isa, const Config& config);

  void describe(char* text, int32_t capacity);
  int32_t add_dataset(const uint8_t* pixels, const int32_t* labels, int32_t count);
  void remove_dataset(int32_t dataset);
  void start_epoch(int32_t dataset, int32_t epoch, const int32_t* order, int32_t count,
                   int32_t batch_size, const float* learning_rates);
  void run(int32_t batches);
  int32_t position() { return position_; }
  void set_position(int32_t position) { position_ = position; }
  Metrics metrics() { return metrics_; }
  void set_metrics(Metrics metrics) { metrics_ = metrics; }
  Metrics evaluate(int32_t dataset);
  double gradients(int32_t dataset, const int32_t* indices, int32_t count, float* gradient);
  void layer_output(Layer layer, const uint8_t* images, int32_t count, float* output);
  void predict(const uint8_t* images, int32_t count, float* probabilities);
  void read_parameters(float* parameters);
  void write_parameters(const float* parameters);
  void read_velocities(float* velocities);
  void write_velocities(const float* velocities);

 private:
  // Examples whose activations are kept for the dense layers' gradients at a time; a larger
  // mini-batch takes several rounds.
  static constexpr int kChunk = 1024;

  struct Examples {
    Examples(const uint8_t* first_pixel, const int32_t* first_label, int32_t count)
        : label_bytes(count * sizeof(int32_t)),
          memory(size_t(count) * kPixels),
          labels(first_label, first_label + count) {
      std::memcpy(memory.data(), first_pixel, size_t(count) * kPixels);
    }

    const uint8_t* pixels(int64_t index) const {
      return static_cast<const uint8_t*>(memory.data()) + index * kPixels;
    }

    CountedBytes label_bytes;
    AlignedMemory memory;
    std::vector<int32_t> labels;
  };

  struct Batch {
    const Examples& examples;
    const int32_t* indices;
    int count;
    int known;  // indices, which may go on beyond the batch
    const Augmentation& augmentation;
    int32_t first_in_epoch;  // the first example's place in the epoch
  };

  int tiles_of(int examples) const { return (examples + kernels_->lanes - 1) / kernels_->lanes; }
  // Forward and backward over a mini-batch. The gradient of its mean loss goes to gradient_, or
  // with `step` into the parameters.
  Metrics learn(const Batch& batch, const SgdStep* step);
  // Forward and backward over the batch's examples from `first` on, a chunk of them.
  void run_tiles(const Batch& batch, int first, const Chunk& chunk);
  void run_tile(const Batch& batch, int first, int count, int row, Tile& tile, float* conv_sums);
  void prefetch_tile(const Batch& batch, int first) const;
  Metrics sum_metrics(int count) const;
  void predict_tiles(const uint8_t* images, int32_t count, float* probabilities);
  void predict_one_by_one(const uint8_t* images, int32_t count, float* probabilities);
  template <class Consume>
  void forward_images(const uint8_t* images, int32_t count, const Capture* captures,
                      Consume consume);

  Config config_;
  const KernelTable* kernels_;
  ParameterLayout layout_;
  ThreadPool pool_;
  std::vector<Tile> tiles_;  // one per thread
  DenseExamples dense_examples_;
  std::vector<float> losses_;
  std::vector<uint8_t> correct_;
  Weights weights_;
  AlignedBuffer velocities_;
  Gradient gradient_;
  // The parameters once more, and arranged for single images when those are first predicted.
  AlignedBuffer parameters_;
  AlignedBuffer single_image_weights_;
  bool single_image_weights_stale_ = true;

  std::map<int32_t, std::unique_ptr<Examples>> datasets_;
  int32_t next_dataset_ = 0;

  const Examples* epoch_examples_ = nullptr;
  Augmentation augmentation_;
  std::vector<int32_t> order_;
  std::vector<float> rates_;
  int32_t batch_size_ = 1;
  int32_t position_ = 0;
  Metrics metrics_;
};

}  // namespace lenet
