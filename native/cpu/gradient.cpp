#include "cpu/gradient.h"

#include <algorithm>

namespace lenet {

Gradient::Gradient(const KernelTable* kernels, int classes)
    : kernels_(kernels),
      layout_(classes),
      classes_(classes),
      finished_(1 + jobs_of(kFc1, kFc1JobRows) + jobs_of(kFc2, kFc2JobRows) +
                jobs_of(classes, kFc3JobRows)),
      whole_(layout_.size) {
  for (int i = 0; i < kMaxGroups; i++) groups_.emplace_back(ConvSums::kSize);
  for (int i = 0; i < kMaxParts; i++) {
    conv_parts_.emplace_back(ConvSums::kSize);
    dense_parts_.emplace_back(layout_.size);
  }
}

void Gradient::add_chunk(const Chunk& chunk, const DenseExamples& examples, const SgdStep* step,
                         Weights* weights, float* velocities, ThreadPool* pool) {
  const DenseLayer layers[] = {
      {examples.flat, examples.dfc1, kFlat, kFc1, kFc1JobRows, layout_.fc1_weight, layout_.fc1_bias,
       weights->fc1()},
      {examples.fc1, examples.dfc2, kFc1, kFc2, kFc2JobRows, layout_.fc2_weight, layout_.fc2_bias,
       weights->fc2()},
      {examples.fc2, examples.dlogits, kFc2, classes_, kFc3JobRows, layout_.fc3_weight,
       layout_.fc3_bias, weights->fc3()},
  };
  const int parts = std::min(chunk.groups, kMaxParts);
  const Pass pass{chunk, parts, step, weights, velocities};
  const int jobs = static_cast<int>(finished_.size());
  pool->loop(jobs * parts, [&](int task, int) {
    // One thread does the parts of a job one after the other. Several have their jobs of a part
    // each and meet half way, where each finds the sums finished that the other began with.
    const bool is_alone = pool->threads() == 1;
    const int part = is_alone ? task % parts : task / jobs;
    int job = is_alone ? task / parts : task % jobs;
    if (!is_alone && part == 1 && job > 0) job = jobs - job;
    if (job == 0) {
      if (!chunk.is_last) return;
      sum_groups(pass, part);
      if (is_last_part(job, parts)) finish_convolutions(pass);
      return;
    }
    const DenseLayer* layer = layers;
    int index = job - 1;
    while (index >= jobs_of(layer->m, layer->job_rows)) {
      index -= jobs_of(layer->m, layer->job_rows);
      layer++;
    }
    sum_rows(pass, *layer, index, job, part);
  });
}

bool Gradient::is_last_part(int job, int parts) {
  std::atomic<int>& finished = finished_[job].parts;
  if (finished.fetch_add(1, std::memory_order_acq_rel) + 1 < parts) return false;
  finished.store(0, std::memory_order_relaxed);
  return true;
}

void Gradient::sum_groups(const Pass& pass, int part) {
  const float* sums[kMaxGroups];
  const int groups = pass.chunk.groups;
  const int first = groups * part / pass.parts, last = groups * (part + 1) / pass.parts;
  for (int group = first; group < last; group++) sums[group - first] = groups_[group].data();
  kernels_->sum_groups(sums, last - first, ConvSums::kSize, conv_parts_[part].data());
}

void Gradient::finish_convolutions(const Pass& pass) {
  const float* part_sums[kMaxParts];
  for (int part = 0; part < pass.parts; part++) part_sums[part] = conv_parts_[part].data();
  float sums[ConvSums::kSize];
  kernels_->sum_groups(part_sums, pass.parts, ConvSums::kSize, sums);
  float* gradient = whole_.data();
  kernels_->winograd_weight_gradient(sums + ConvSums::kConv1Weight, kConv1Rows,
                                     gradient + layout_.conv1_weight);
  kernels_->winograd_weight_gradient(sums + ConvSums::kConv2Weight, kConv2Rows,
                                     gradient + layout_.conv2_weight);
  std::copy_n(sums + ConvSums::kConv1Bias, kConv1Channels, gradient + layout_.conv1_bias);
  std::copy_n(sums + ConvSums::kConv2Bias, kConv2Channels, gradient + layout_.conv2_bias);
  if (pass.step == nullptr) return;
  kernels_->sgd(pass.step, layout_.fc1_weight, gradient, pass.velocities,
                pass.weights->parameters());
  pass.weights->prepare_convolutions();
}

void Gradient::sum_rows(const Pass& pass, const DenseLayer& layer, int index, int job, int part) {
  const Chunk& chunk = pass.chunk;
  const int parts = pass.parts;
  const int first = index * layer.job_rows;
  const int last = std::min(first + layer.job_rows, layer.m);
  const int lanes = kernels_->lanes;
  const int first_tile = chunk.first_tile(chunk.groups * part / parts);
  const int last_tile = chunk.first_tile(chunk.groups * (part + 1) / parts);
  const int count = std::min(last_tile * lanes, chunk.count) - first_tile * lanes;
  const float* in = layer.in + size_t(first_tile) * lanes * dense_stride(layer.n);
  const float* d = layer.d + size_t(first_tile) * lanes * layer.m;
  const auto at = [&](AlignedBuffer& arena) {
    return DenseSums{arena.data() + layer.weight, arena.data() + layer.bias};
  };
  const DenseSums none{};
  const DenseSums mine = at(dense_parts_[part]);
  const DenseSums earlier = chunk.is_first ? none : mine;
  const DenseSums other = parts == 1 ? none : at(dense_parts_[1 - part]);
  const DenseUpdate update{pass.step, layer.rows, pass.weights->parameters() + layer.bias,
                           pass.velocities + layer.weight, pass.velocities + layer.bias};
  const auto sum = [&](int examples, const DenseGradient& gradient, bool is_whole) {
    kernels_->dense_backward_weight(in, layer.n, d, layer.m, examples, first, last, &gradient,
                                    is_whole && pass.step != nullptr ? &update : nullptr);
  };
  if (!chunk.is_last) return sum(count, {mine, earlier, none}, false);
  // The last part but one to be summed waits in memory for the last, which may be under way.
  const bool others_are_finished =
      finished_[job].parts.load(std::memory_order_acquire) == parts - 1;
  if (!others_are_finished) sum(count, {mine, earlier, none}, false);
  if (!is_last_part(job, parts)) return;
  if (others_are_finished) {
    sum(count, {at(whole_), earlier, other}, true);
  } else {
    sum(0, {at(whole_), mine, other}, true);
  }
}

}  // namespace lenet
