#include "cpu/cpu_engine.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <string>

#include "cpu/change_image.h"
#include "cpu/floating_point_mode.h"

namespace lenet {
namespace {

// No instruction set has more lanes.
constexpr int kMaxLanes = 16;
const KernelTable* choose_kernels(const char* isa) {
  const KernelTable* kernels = *isa == '\0' ? best_kernels() : find_kernels(isa);
  if (kernels == nullptr && *isa == '\0') {
    throw Error(
        "this processor is older than any that liblenet has kernels for; use --device java");
  }
  if (kernels == nullptr || !can_run(kernels)) {
    throw Error(std::string(kernels == nullptr ? "unknown instruction set '"
                                               : "this processor does not have instruction set '") +
                isa + "'; it can run: " + cpu_instruction_sets());
  }
  return kernels;
}

void add(const Metrics& metrics, Metrics* sums) {
  sums->loss_sum += metrics.loss_sum;
  sums->correct += metrics.correct;
  sums->count += metrics.count;
}

}  // namespace

const EngineTable* cpu_engine_table() {
  static constexpr EngineTable table = make_engine_table<CpuEngine>();
  return &table;
}

CpuEngine::CpuEngine(const char*, const char* isa, const Config& config)
    : config_(config),
      kernels_(choose_kernels(isa)),
      layout_(config.classes),
      pool_(config.threads),
      dense_examples_(kChunk, config.classes),
      losses_(kChunk),
      correct_(kChunk),
      weights_(kernels_, config.classes),
      velocities_(layout_.size),
      gradient_(kernels_, config.classes),
      parameters_(layout_.size),
      single_image_weights_(kernels_->single_image.weights_size(config.classes)) {
  for (int i = 0; i < pool_.threads(); i++) tiles_.emplace_back(config_, kernels_);
}

void CpuEngine::describe(char* text, int32_t capacity) {
  std::snprintf(text, capacity, "cpu (%d %s, %s)", pool_.threads(),
                pool_.threads() == 1 ? "thread" : "threads", kernels_->isa);
}

int32_t CpuEngine::add_dataset(const uint8_t* pixels, const int32_t* labels, int32_t count) {
  datasets_[next_dataset_] = std::make_unique<Examples>(pixels, labels, count);
  return next_dataset_++;
}

void CpuEngine::remove_dataset(int32_t dataset) { datasets_.erase(dataset); }

void CpuEngine::start_epoch(int32_t dataset, int32_t epoch, const int32_t* order, int32_t count,
                            int32_t batch_size, const float* learning_rates) {
  order_.assign(order, order + count);
  rates_.assign(learning_rates, learning_rates + batches_of(count, batch_size));
  epoch_examples_ = datasets_.at(dataset).get();
  augmentation_ = Augmentation(config_.flip, config_.shift, config_.seed, epoch);
  batch_size_ = batch_size;
  position_ = 0;
}

void CpuEngine::run(int32_t batches) {
  FlushDenormals mode;
  single_image_weights_stale_ = true;
  for (int32_t i = 0; i < batches; i++, position_++) {
    int64_t first = int64_t{position_} * batch_size_;
    int known = static_cast<int>(order_.size() - first);
    int count = std::min(batch_size_, known);
    ThreadPool::Alone alone(pool_, tiles_of(count) == 1);
    const SgdStep step{rates_[position_], config_.momentum, config_.weight_decay, config_.nesterov};
    add(learn({*epoch_examples_, order_.data() + first, count, known, augmentation_,
               static_cast<int32_t>(first)},
              &step),
        &metrics_);
  }
}

Metrics CpuEngine::learn(const Batch& batch, const SgdStep* step) {
  // The first chunk has the most tiles.
  const int groups = std::min(tiles_of(std::min(batch.count, kChunk)), Gradient::kMaxGroups);
  Metrics sums;
  for (int first = 0; first < batch.count; first += kChunk) {
    const int size = std::min(kChunk, batch.count - first);
    const Chunk chunk{size, tiles_of(size), groups, first == 0, first + size == batch.count};
    run_tiles(batch, first, chunk);
    gradient_.add_chunk(chunk, dense_examples_, step, &weights_, velocities_.data(), &pool_);
    add(sum_metrics(size), &sums);
  }
  return sums;
}

void CpuEngine::run_tiles(const Batch& batch, int first, const Chunk& chunk) {
  const int lanes = kernels_->lanes;
  pool_.loop(chunk.groups, [&](int group, int thread) {
    float* conv_sums = gradient_.conv_sums(group);
    if (chunk.is_first) std::memset(conv_sums, 0, ConvSums::kSize * sizeof(float));
    for (int tile = chunk.first_tile(group); tile < chunk.first_tile(group + 1); tile++) {
      const int row = tile * lanes;
      run_tile(batch, first + row, std::min(lanes, chunk.count - row), row, tiles_[thread],
               conv_sums);
    }
  });
}

void CpuEngine::run_tile(const Batch& batch, int first, int count, int row, Tile& tile,
                         float* conv_sums) {
  const uint8_t* images[kMaxLanes];
  int32_t labels[kMaxLanes];
  uint8_t changed[kMaxLanes][kPixels];
  for (int lane = 0; lane < kernels_->lanes; lane++) {
    // Lanes beyond the end repeat an image; their gradient is zero.
    const int32_t index = batch.indices[first + std::min(lane, count - 1)];
    images[lane] = batch.examples.pixels(index);
    if (batch.augmentation.is_on()) {
      change_image(batch.augmentation.change(batch.first_in_epoch + first + lane), images[lane],
                   changed[lane]);
      images[lane] = changed[lane];
    }
    labels[lane] = batch.examples.labels[index];
  }
  tile.forward(weights_, images, &dense_examples_, row, nullptr);
  tile.loss(labels, count, config_.label_smoothing, 1.0f / static_cast<float>(batch.count),
            &losses_[row], &correct_[row], dense_examples_.dlogits + size_t(row) * config_.classes);
  prefetch_tile(batch, first + kernels_->lanes);
  tile.backward(weights_, conv_sums, &dense_examples_, row);
}

// An epoch's order leaves each image alone in memory, far from the processor.
void CpuEngine::prefetch_tile(const Batch& batch, int first) const {
  constexpr int kCacheLine = 64;
  const int last = std::min(first + kernels_->lanes, batch.known);
  for (int i = first; i < last; i++) {
    const uint8_t* pixels = batch.examples.pixels(batch.indices[i]);
    for (int at = 0; at < kPixels; at += kCacheLine) __builtin_prefetch(pixels + at, 0, 2);
    __builtin_prefetch(&batch.examples.labels[batch.indices[i]], 0, 2);
  }
}

Metrics CpuEngine::sum_metrics(int count) const {
  Metrics sums;
  for (int i = 0; i < count; i++) {
    sums.loss_sum += losses_[i];
    sums.correct += correct_[i];
  }
  sums.count = count;
  return sums;
}

// Forward in tiles over images that lie one after the other; consume(tile, thread, first, size)
// after each.
template <class Consume>
void CpuEngine::forward_images(const uint8_t* images, int32_t count, const Capture* captures,
                               Consume consume) {
  FlushDenormals mode;
  const int lanes = kernels_->lanes;
  pool_.loop(tiles_of(count), [&](int task, int thread) {
    const int first = task * lanes;
    const int size = std::min(lanes, count - first);
    const uint8_t* pointers[kMaxLanes];
    for (int lane = 0; lane < lanes; lane++) {
      pointers[lane] = images + size_t(first + std::min(lane, size - 1)) * kPixels;
    }
    tiles_[thread].forward(weights_, pointers, captures == nullptr ? nullptr : captures + thread);
    consume(tiles_[thread], thread, first, size);
  });
}

Metrics CpuEngine::evaluate(int32_t dataset) {
  FlushDenormals mode;
  const Examples& examples = *datasets_.at(dataset);
  const int count = static_cast<int>(examples.labels.size());
  Metrics sums;
  for (int first = 0; first < count; first += kChunk) {
    const int size = std::min(kChunk, count - first);
    forward_images(examples.pixels(first), size, nullptr, [&](Tile& tile, int, int at, int images) {
      tile.loss(&examples.labels[first + at], images, 0, 0, &losses_[at], &correct_[at], nullptr);
    });
    add(sum_metrics(size), &sums);
  }
  return sums;
}

double CpuEngine::gradients(int32_t dataset, const int32_t* indices, int32_t count,
                            float* gradient) {
  FlushDenormals mode;
  const Metrics sums =
      learn({*datasets_.at(dataset), indices, count, count, Augmentation(), 0}, nullptr);
  std::memcpy(gradient, gradient_.data(), layout_.size * sizeof(float));
  return sums.loss_sum / static_cast<double>(sums.count);
}

void CpuEngine::layer_output(Layer layer, const uint8_t* images, int32_t count, float* output) {
  const int size = layer_size(layer, config_.classes);
  const size_t tile_values = size_t(size) * kernels_->lanes;
  AlignedBuffer lanes(tile_values * pool_.threads());
  AlignedBuffer rows(tile_values * pool_.threads());
  std::vector<Capture> captures;
  for (int i = 0; i < pool_.threads(); i++) {
    captures.push_back({layer, lanes.data() + i * tile_values});
  }
  forward_images(images, count, captures.data(), [&](Tile&, int thread, int first, int valid) {
    float* tile_rows = rows.data() + thread * tile_values;
    kernels_->lanes_to_rows(captures[thread].values, size, tile_rows, size);
    std::memcpy(output + size_t(first) * size, tile_rows, size_t(valid) * size * sizeof(float));
  });
}

// Whole tiles as tiles; what is left over, or all there is, one by one if it is little enough. So
// which path an image takes depends on the number of images and its place among them, and its
// probabilities do so by a few units in the last place.
void CpuEngine::predict(const uint8_t* images, int32_t count, float* probabilities) {
  const int32_t rest = count % kernels_->lanes;
  const int32_t one_by_one = rest < kernels_->single_image.crossover ? rest : 0;
  const int32_t tiled = count - one_by_one;
  predict_tiles(images, tiled, probabilities);
  predict_one_by_one(images + size_t(tiled) * kPixels, one_by_one,
                     probabilities + size_t(tiled) * config_.classes);
}

void CpuEngine::predict_tiles(const uint8_t* images, int32_t count, float* probabilities) {
  const int lanes = kernels_->lanes;
  const int classes = config_.classes;
  forward_images(images, count, nullptr, [&](Tile& tile, int, int first, int size) {
    tile.softmax();
    for (int lane = 0; lane < size; lane++) {
      for (int c = 0; c < classes; c++) {
        probabilities[size_t(first + lane) * classes + c] = tile.logits()[c * lanes + lane];
      }
    }
  });
}

// On the calling thread: waking another one takes as long as several images.
void CpuEngine::predict_one_by_one(const uint8_t* images, int32_t count, float* probabilities) {
  if (count == 0) return;
  FlushDenormals mode;
  const SingleImageKernels& kernels = kernels_->single_image;
  if (single_image_weights_stale_) {
    weights_.read(parameters_.data());
    kernels.arrange_weights(&layout_, config_.classes, parameters_.data(),
                            single_image_weights_.data());
    single_image_weights_stale_ = false;
  }
  const auto predict_image =
      kernels.predict[static_cast<int>(config_.activation)][static_cast<int>(config_.pooling)];
  for (int32_t i = 0; i < count; i++) {
    predict_image(single_image_weights_.data(), config_.classes, config_.input_scale,
                  config_.input_offset, images + size_t(i) * kPixels,
                  probabilities + size_t(i) * config_.classes);
  }
}

void CpuEngine::read_parameters(float* parameters) { weights_.read(parameters); }

void CpuEngine::write_parameters(const float* parameters) {
  FlushDenormals mode;
  weights_.write(parameters);
  single_image_weights_stale_ = true;
}

void CpuEngine::read_velocities(float* velocities) {
  std::memcpy(velocities, velocities_.data(), layout_.size * sizeof(float));
}

void CpuEngine::write_velocities(const float* velocities) {
  std::memcpy(velocities_.data(), velocities, layout_.size * sizeof(float));
}

}  // namespace lenet
