// The kernels of the cpu engine as a table of functions, one table per instruction set. Kernels
// are pure: no allocation, no threads, no failure.
//
// A tile is `lanes` images side by side. L stands for lanes: "[C][H][W][L]" is a tensor whose
// innermost dimension is the image. The dense layers have one image a row: "[L][s(n)]" is L rows
// of n floats, s(n) = dense_stride(n) apart. Both kinds are aligned to L floats. Parameters,
// velocities and gradients lie as in the parameter arena (PyTorch's shapes) at any address.
//
// Convolutions work on Winograd transforms of their rows at 8 points (see winograd.h): k counts the
// Winograd tiles of a row (not the tiles of images), each four neighbouring outputs, p the points,
// s both of them: conv2's 22 slots, as its third tile has two outputs and 6 points. Their outputs
// come as cells, the [2][2] values under one pooling window next to each other: "[4][L]".
#pragma once

#include <cstdint>

#include "core/layout.h"
#include "lenet/engine.h"

namespace lenet {

struct SgdStep {
  float rate;
  float momentum;
  float weight_decay;
  bool nesterov;
};

// The distance of rows of n floats: whole vectors of any instruction set.
constexpr int dense_stride(int n) { return (n + 15) / 16 * 16; }
// The dense layers' weights come in a multiple of so many rows.
constexpr int kDenseRowBlock = 4;

// Transformed input rows that conv1 needs at a time.
constexpr int kConv1Window = 6;
// Winograd points of a row; the tiles of conv2's rows, and their slots.
constexpr int kConvPoints = 8;
constexpr int kConv2Tiles = 3;
constexpr int kConv2Slots = 22;

// Sums over some examples of a dense layer's gradient [m][n] and [m]; or null.
struct DenseSums {
  float* weight;
  float* bias;
};

// To the sums over the kernel's own examples first `earlier` is added, then `other`.
struct DenseGradient {
  DenseSums result, earlier, other;
};

// What SGD changes: the weights as rows [m][s(n)], the biases, and velocities like the gradient.
struct DenseUpdate {
  const SgdStep* step;
  float* rows;
  float* bias;
  float* weight_velocity;
  float* bias_velocity;
};

// Prediction of one image at a time, for when there are too few to fill a tile.
struct SingleImageKernels {
  // From this many images on, a tile is faster.
  int crossover;
  // Floats that the arranged weights take.
  int (*weights_size)(int classes);
  // The parameters -> weights as predict() wants them, aligned to L floats.
  void (*arrange_weights)(const ParameterLayout* layout, int classes, const float* parameters,
                          float* weights);
  // Indexed by [activation][pooling]. image [28][28] -> probabilities [classes]
  void (*predict[3][2])(const float* weights, int classes, float scale, float offset,
                        const uint8_t* image, float* probabilities);
};

struct KernelTable {
  const char* isa;
  int lanes;

  // uint8 [L] pointers to images [28][28] -> the interior of x [32][32][L], scaled. The frame of
  // two zeros is left as it is.
  void (*gather)(const uint8_t* const* images, float scale, float offset, float* x);

  // weight [rows][5] -> transformed [8 p][rows]: conv1 [8 p][6 o][5 u], conv2 [8 p][16 o][6 i][5 u]
  void (*winograd_weight)(const float* weight, int rows, float* transformed);
  // The other way for the gradient (overwritten).
  void (*winograd_weight_gradient)(const float* transformed, int rows, float* gradient);

  // Rows 2 * row_pair and the next of all output channels: x [32][32][L], weight transformed,
  // bias [6] -> cells [6 o][14 x][4][L]. Row pairs come in ascending order; `window`
  // [6][8 p][7 k][L] passes transformed rows of x from one to the next.
  void (*conv1_forward)(const float* x, const float* weight, const float* bias, int row_pair,
                        float* window, float* cells);
  // Indexed by [activation][pooling]. The same row pair backward, in ascending order again: from
  // its activations, cells, and dpooled [6][14][L]. The lane-wise sums of the weights' gradient,
  // [8 p][6 o][5 u][L], and the biases', [6][L], are added to those given.
  void (*conv1_backward[3][2])(const float* x, const float* dpooled, const float* cells,
                               int row_pair, float* window, float* weight_sums, float* bias_sums);

  // Row y of pool1, pooled [6][14][L] -> transformed [22 s][6 i][14 y][L]
  void (*conv2_input_row)(const float* pooled, int y, float* transformed);
  // The other way for the gradient; dpooled is overwritten.
  void (*conv2_input_gradient_row)(const float* transformed, int y, float* dpooled);
  // in [22 s][6 i][14 y][L], weight transformed, bias [16] -> cells [16 o][5 y][5 x][4][L]
  void (*conv2_forward)(const float* in, const float* weight, const float* bias, float* cells);
  // d [16 o][5 y][5 x][4][L]: the input becomes its gradient in place; the weights' gradient,
  // summed over the lanes, is added to `sums` [8 p][16 o][6 i][5 u].
  // dz [2 points][3 tiles][16 o][10 y][L] is scratch.
  void (*conv2_backward)(const float* d, const float* weight, float* in, float* dz, float* sums);

  // Indexed by [activation][pooling]: cells [count][4][L] become activations in place; pooled
  // [count][L].
  void (*activation_pool_forward[3][2])(int count, float* cells, float* pooled);
  // From activations and dpooled to d, the gradient of the pre-activations; the sum over each
  // channel is added to bias_sums [channels][L]. dpooled [channels][count][L], cells and d
  // [channels][count][4][L], which may be the same.
  void (*activation_pool_backward[3][2])(int channels, int count, const float* dpooled,
                                         const float* cells, float* d, float* bias_sums);

  // Dense layers, n inputs (400, 120 or 84) to m outputs. `weight` is rows [m][s(n)] with zeros in
  // the padding and in the rows up to the next multiple of kDenseRowBlock.
  // in [L][s(n)], bias [m] -> out [L][s(m)]
  void (*dense_forward)(const float* in, int n, const float* weight, const float* bias, int m,
                        float* out);
  // d [m][L], images in the lanes -> din [L][s(n)] (overwritten)
  void (*dense_backward_data)(const float* d, int m, const float* weight, int n, float* din);
  // Rows first..last-1 of the gradient over `count` examples in their order, in [count][s(n)], d
  // [tiles][m][L] with zeros in the lanes from `count` on; stored as the gradient's `result`, or
  // with `update` used to update the weights at once.
  void (*dense_backward_weight)(const float* in, int n, const float* d, int m, int count, int first,
                                int last, const DenseGradient* gradient, const DenseUpdate* update);
  // weight [m][n] -> rows [m][s(n)]; the padding is left as it is.
  void (*dense_rows)(const float* weight, int n, int m, float* rows);
  // The other way.
  void (*dense_weights)(const float* rows, int n, int m, float* weight);
  // Indexed by activation; n values [L] in place, and d times the derivative told by values.
  void (*activation_forward[3])(int n, float* values);
  void (*activation_backward[3])(int n, const float* values, float* d);

  // Softmax and cross-entropy. logits [classes][L]; lanes from `count` on are padding.
  // losses [count], correct [count] (0 or 1); unless null, d [classes][L] gets the gradient times
  // `scale` (zero in the padding).
  void (*cross_entropy)(const float* logits, int classes, const int32_t* labels, int count,
                        float smoothing, float scale, float* losses, uint8_t* correct, float* d);
  // logits [classes][L] -> probabilities in place
  void (*softmax)(int classes, float* values);

  // [n][L] -> rows of L images: rows[lane * stride + i]
  void (*lanes_to_rows)(const float* lanes, int n, float* rows, int stride);
  // The other way; rows at any address.
  void (*rows_to_lanes)(const float* rows, int n, int stride, float* lanes);
  // sums[i] += the sum over the lanes of values[i][L]
  void (*add_lane_sums)(int n, const float* values, float* sums);
  // sums[i] = groups[0][i] + groups[1][i] + ..., in this order
  void (*sum_groups)(const float* const* groups, int group_count, int n, float* sums);

  // SGD with momentum as PyTorch has it; gradient [n] is of the mean loss.
  void (*sgd)(const SgdStep* step, int n, const float* gradient, float* velocities,
              float* parameters);

  SingleImageKernels single_image;
};

// Null where this build has no kernels for the instruction set.
const KernelTable* find_kernels(const char* isa);
// Whether this processor has the instruction set.
bool can_run(const KernelTable* kernels);
// The best table that this processor can run; null if there is none.
const KernelTable* best_kernels();

}  // namespace lenet
