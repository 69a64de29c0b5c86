// The gradient of a mini-batch, summed up from what its tiles leave, and SGD with it.
//
// What makes its bits independent of the number of threads: a mini-batch is cut into chunks, a
// chunk into tiles, the tiles into groups, and the groups into two parts, all by the sizes alone. A
// group adds up its convolution gradients in tile order, a part those of its groups in their order;
// every element of the dense layers' gradients is summed over a part's examples in their order. The
// sums of the two parts are added at last, by whoever has the second one. So two threads exchange
// little more than sums, as each keeps to a part; more threads share out the rows of the sums.
#pragma once

#include <atomic>
#include <vector>

#include "core/layout.h"
#include "cpu/aligned_buffer.h"
#include "cpu/kernels/kernels.h"
#include "cpu/thread_pool.h"
#include "cpu/tile.h"
#include "cpu/weights.h"

namespace lenet {

// Examples whose activations are kept at a time; a larger mini-batch takes several chunks.
struct Chunk {
  int count;   // of examples
  int tiles;   // of them
  int groups;  // of tiles; the same for all chunks
  bool is_first, is_last;

  int first_tile(int group) const { return tiles * group / groups; }
};

class Gradient {
 public:
  // No more threads than this can share a mini-batch's tiles.
  static constexpr int kMaxGroups = 16;

  Gradient(const KernelTable* kernels, int classes);

  // ConvSums, to which a group's tiles add.
  float* conv_sums(int group) { return groups_[group].data(); }
  // Adds the dense layers' gradients of a chunk. With the last chunk the gradient is whole: it goes
  // to data(), or with `step` into the weights and velocities.
  void add_chunk(const Chunk& chunk, const DenseExamples& examples, const SgdStep* step,
                 Weights* weights, float* velocities, ThreadPool* pool);
  // All parameters' gradients, as in the arena.
  const float* data() const { return whole_.data(); }

 private:
  static constexpr int kMaxParts = 2;
  // Rows of a dense layer's gradient that make a job: whole blocks of the kernel's, few enough to
  // share out.
  static constexpr int kFc1JobRows = 15, kFc2JobRows = 12, kFc3JobRows = 10;

  struct DenseLayer {
    const float *in, *d;
    int n, m, job_rows;
    int weight, bias;  // in the arena
    float* rows;
  };

  // What all jobs of a chunk share.
  struct Pass {
    const Chunk& chunk;
    int parts;
    const SgdStep* step;
    Weights* weights;
    float* velocities;
  };

  // On a cache line of its own, as another thread may be at the next one.
  struct alignas(64) Finished {
    std::atomic<int> parts{0};
  };

  static int jobs_of(int rows, int job_rows) { return (rows + job_rows - 1) / job_rows; }
  // Whether the caller, who has finished a part of a job, is the one to add the parts up.
  bool is_last_part(int job, int parts);
  void sum_groups(const Pass& pass, int part);
  void finish_convolutions(const Pass& pass);
  // Of the layer's gradient, the rows that its `index`-th job is about.
  void sum_rows(const Pass& pass, const DenseLayer& layer, int index, int job, int part);

  const KernelTable* kernels_;
  ParameterLayout layout_;
  int classes_;
  std::vector<AlignedBuffer> groups_;
  std::vector<AlignedBuffer> conv_parts_;   // ConvSums
  std::vector<AlignedBuffer> dense_parts_;  // as in the arena
  std::vector<Finished> finished_;          // [jobs], the first one the convolutions'
  AlignedBuffer whole_;
};

}  // namespace lenet
