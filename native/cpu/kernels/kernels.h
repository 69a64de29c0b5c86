// The kernels of the cpu engine as a table of functions, one table per instruction set. Kernels
// are pure: no allocation, no threads, no failure.
//
// A tile is `lanes` images side by side. L stands for lanes: "[C][H][W][L]" is a tensor whose
// innermost dimension is the image. Tile tensors are aligned to L floats. Weights and biases lie
// as in the parameter arena (PyTorch's shapes) at any address.
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

// Prediction of one image at a time, for when there are too few to fill a tile.
struct SingleImageKernels {
  // As many images are faster as a tile.
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

  // Convolution layers, two rows (row_pair) of all output channels at a time.
  // in [I][S][S][L], weight [O][I][5][5], bias [O] -> out [O][S-4][S-4][L]
  void (*conv1_forward)(const float* x, const float* weight, const float* bias, int row_pair,
                        float* out);
  void (*conv2_forward)(const float* in, const float* weight, const float* bias, int row_pair,
                        float* out);
  // d [16][10][10][L] -> din [6][14][14][L] (overwritten)
  void (*conv2_backward_data)(const float* d, const float* weight, float* din);
  // Lane-wise sums [O][I][5][5][L] are added to `sums`.
  void (*conv1_backward_weight)(const float* x, const float* d, float* sums);
  void (*conv2_backward_weight)(const float* in, const float* d, float* sums);

  // Indexed by [activation][pooling]. Two rows of `channels` planes of size^2:
  // values (pre-activations) become activations in place; pooled [channels][size/2][size/2][L].
  void (*activation_pool_forward[3][2])(int channels, int size, int row_pair, float* values,
                                        float* pooled);
  // Whole planes: activations become the gradient of the pre-activations in place; the sum over
  // each plane is added to bias_sums [channels][L].
  void (*activation_pool_backward[3][2])(int channels, int size, const float* pooled,
                                         const float* dpooled, float* values, float* bias_sums);

  // Dense layers: in [n][L], weight [m][n] -> out [m][L]; n is 400, 120 or 84.
  void (*dense_forward)(const float* in, int n, const float* weight, const float* bias, int m,
                        float* out);
  // d [m][L] -> din [n][L] (overwritten)
  void (*dense_backward_data)(const float* d, int m, const float* weight, int n, float* din);
  // Gradient rows first..last-1 of `gradient` [m][n] and `bias_gradient` [m] are increased by the
  // sums over `count` examples; in [count][in_stride], d [count][d_stride], strides multiples of
  // 16, the padding of `in` zero.
  void (*dense_backward_weight)(const float* in, int in_stride, int n, const float* d, int d_stride,
                                int count, int first, int last, float* gradient,
                                float* bias_gradient);
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
  // gradient[i] += the sum over groups and lanes of groups[g][i][L], in this order
  void (*reduce_groups)(const float* const* groups, int group_count, int first, int last,
                        float* gradient);

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
