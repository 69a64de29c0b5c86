#include "cpu/kernels/single_image.h"

#include "cpu/kernels/activation.h"
#include "cpu/kernels/math.h"
#include "cpu/kernels/single_image_conv2.h"

namespace lenet::LENET_ISA {
namespace {

constexpr int kTaps = 5;
constexpr int kMaxVectors = vectors_of(kMaxClasses);

constexpr int padded(int values) { return vectors_of(values) * kLanes; }

// Where each layer's part begins among the arranged weights; all are aligned to vectors.
struct Arrangement {
  int conv1_weight;  // [5][5][6]
  int conv1_bias;
  int conv2_weight;  // See SingleImageConv2.
  int conv2_bias;
  int fc1_weight;  // For each block of outputs as dense() takes them, [inputs][block].
  int fc1_bias;
  int fc2_weight;
  int fc2_bias;
  int fc3_weight;
  int fc3_bias;
  int size;
};

LENET_INLINE Arrangement arrangement_of(int classes) {
  Arrangement a;
  a.conv1_weight = 0;
  a.conv1_bias = a.conv1_weight + padded(kConv1Channels * kTaps * kTaps);
  a.conv2_weight = a.conv1_bias + padded(kConv1Channels);
  a.conv2_bias = a.conv2_weight + SingleImageConv2::kWeights;
  a.fc1_weight = a.conv2_bias + kConv2Channels;
  a.fc1_bias = a.fc1_weight + kFlat * padded(kFc1);
  a.fc2_weight = a.fc1_bias + padded(kFc1);
  a.fc2_bias = a.fc2_weight + kFc1 * padded(kFc2);
  a.fc3_weight = a.fc2_bias + padded(kFc2);
  a.fc3_bias = a.fc3_weight + kFc2 * padded(classes);
  a.size = a.fc3_bias + padded(classes);
  return a;
}

// A dense layer takes its outputs in blocks of 8, 4, 2 and 1 vectors, the larger ones first; with
// 16 registers there are none of 8.
constexpr int kLargestBlock = kManyRegisters ? 8 : 4;

LENET_INLINE int block_of(int vectors_left) {
  int block = kLargestBlock;
  while (block > vectors_left) block /= 2;
  return block;
}

// weight [m][n] -> blocks; flat_index maps an input's number to its place.
template <class FlatIndex>
LENET_INLINE void arrange_dense(const float* weight, const float* bias, int n, int m,
                                FlatIndex flat_index, float* out, float* out_bias) {
  const int vectors = vectors_of(m);
  for (int first = 0; first < vectors;) {
    const int block = block_of(vectors - first) * kLanes;
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < block; j++) {
        const int o = first * kLanes + j;
        out[flat_index(i) * block + j] = o < m ? weight[o * n + i] : 0;
      }
    }
    out += n * block;
    first += block / kLanes;
  }
  for (int o = 0; o < padded(m); o++) out_bias[o] = o < m ? bias[o] : 0;
}

// A row of the first convolution. Its last vector hangs over the end and computes what nobody
// reads.
constexpr int kConv1Vectors = vectors_of(28);
constexpr int kConv1RowSize = kConv1Vectors * kLanes;

// kRows rows of all channels, in blocks of kChannels x kRows x kVectors sums in registers: each
// input vector is used for kChannels of them, each weight for kRows x kVectors.
template <int kRows, int kChannels, int kVectors>
LENET_INLINE void conv1_rows(const float* x, const float* weight, const float* bias, int y,
                             float* out) {
  for (int first = 0; first < kConv1Channels; first += kChannels) {
    for (int at = 0; at < kConv1Vectors; at += kVectors) {
      V sum[kChannels][kRows][kVectors];
      LENET_UNROLL
      for (int o = 0; o < kChannels; o++) {
        LENET_UNROLL
        for (int r = 0; r < kRows; r++) {
          LENET_UNROLL
          for (int j = 0; j < kVectors; j++) sum[o][r][j] = splat(bias[first + o]);
        }
      }
      for (int u = 0; u < kTaps; u++) {
        LENET_UNROLL
        for (int v = 0; v < kTaps; v++) {
          V in[kRows][kVectors];
          LENET_UNROLL
          for (int r = 0; r < kRows; r++) {
            LENET_UNROLL
            for (int j = 0; j < kVectors; j++) {
              in[r][j] = load(x + (y + r + u) * 32 + v + (at + j) * kLanes);
            }
          }
          LENET_UNROLL
          for (int o = 0; o < kChannels; o++) {
            V k = splat(weight[(u * kTaps + v) * kConv1Channels + first + o]);
            LENET_UNROLL
            for (int r = 0; r < kRows; r++) {
              LENET_UNROLL
              for (int j = 0; j < kVectors; j++) sum[o][r][j] += in[r][j] * k;
            }
          }
        }
      }
      LENET_UNROLL
      for (int o = 0; o < kChannels; o++) {
        LENET_UNROLL
        for (int r = 0; r < kRows; r++) {
          LENET_UNROLL
          for (int j = 0; j < kVectors; j++) {
            as_vectors(out)[((first + o) * 2 + r) * kConv1Vectors + at + j] = sum[o][r][j];
          }
        }
      }
    }
  }
}

LENET_NOINLINE void conv1_row_pair(const float* x, const float* weight, const float* bias,
                                   int row_pair, float* out) {
  if constexpr (kLanes == 16) {
    conv1_rows<2, 6, 2>(x, weight, bias, 2 * row_pair, out);
  } else {
    constexpr int kChannels = kLanes == 8 ? 6 : kManyRegisters ? 3 : 1;
    constexpr int kVectors = kLanes == 8 ? 2 : kConv1Vectors;
    conv1_rows<1, kChannels, kVectors>(x, weight, bias, 2 * row_pair, out);
    conv1_rows<1, kChannels, kVectors>(x, weight, bias, 2 * row_pair + 1, out + kConv1RowSize);
  }
}

template <Pooling kPooling>
LENET_INLINE V pool(V a, V b) {
  if constexpr (kPooling == Pooling::AVG) return a + b;
  if constexpr (kPooling == Pooling::MAX) return max(a, b);
}

// The second half of pooling: what pool() made of four becomes the layer's output.
template <Pooling kPooling>
LENET_INLINE V pooled(V v) {
  return kPooling == Pooling::AVG ? v * splat(0.25f) : v;
}

// rows [6][2][kConv1RowSize] -> row row_pair of out [6][14][16]
template <Activation kActivation, Pooling kPooling>
LENET_NOINLINE void conv1_activation_pool(const float* rows, int row_pair, float* out) {
  for (int c = 0; c < kConv1Channels; c++) {
    const V* top = as_vectors(rows) + c * 2 * kConv1Vectors;
    const V* bottom = top + kConv1Vectors;
    // One more for an odd number of them.
    V column[kConv1Vectors + 1];
    LENET_UNROLL
    for (int j = 0; j < kConv1Vectors; j++) {
      column[j] = pool<kPooling>(activate<kActivation>(top[j]), activate<kActivation>(bottom[j]));
    }
    column[kConv1Vectors] = column[kConv1Vectors - 1];
    LENET_UNROLL
    for (int j = 0; j < kConv1Vectors; j += 2) {
      as_vectors(out + (c * 14 + row_pair) * 16)[j / 2] = pooled<kPooling>(pool<kPooling>(
          unzip_even(column[j], column[j + 1]), unzip_odd(column[j], column[j + 1])));
    }
  }
}

// rows [2][10][16] -> row row_pair of out [5][5][16]
template <Activation kActivation, Pooling kPooling>
LENET_NOINLINE void conv2_activation_pool(const float* rows, int row_pair, float* out) {
  constexpr int kBlocks = kConv2Channels / kLanes;
  constexpr int kRow = 10 * kBlocks;
  for (int x = 0; x < 5; x++) {
    for (int b = 0; b < kBlocks; b++) {
      const V* p = as_vectors(rows) + 2 * x * kBlocks + b;
      V left = pool<kPooling>(activate<kActivation>(p[0]), activate<kActivation>(p[kRow]));
      V right = pool<kPooling>(activate<kActivation>(p[kBlocks]),
                               activate<kActivation>(p[kRow + kBlocks]));
      as_vectors(out)[(row_pair * 5 + x) * kBlocks + b] =
          pooled<kPooling>(pool<kPooling>(left, right));
    }
  }
}

// kBlock vectors of outputs. Consecutive inputs go to kSplit different sums: one alone would wait
// for its own multiply-adds.
template <int kBlock, int kSplit>
LENET_INLINE void dense_block(const float* in, int n, const float* weight, const float* bias,
                              float* out) {
  V sum[kSplit][kBlock];
  LENET_UNROLL
  for (int j = 0; j < kBlock; j++) {
    sum[0][j] = as_vectors(bias)[j];
    LENET_UNROLL
    for (int s = 1; s < kSplit; s++) sum[s][j] = splat(0);
  }
  const V* w = as_vectors(weight);
  for (int i = 0; i < n; i += kSplit, w += kSplit * kBlock) {
    // fc1's weights alone overflow the L1 cache: have them on their way early.
    constexpr int kAhead = 512;
    LENET_UNROLL
    for (int j = 0; j < kSplit * kBlock * kLanes; j += 16) {
      __builtin_prefetch(reinterpret_cast<const float*>(w) + kAhead + j);
    }
    LENET_UNROLL
    for (int s = 0; s < kSplit; s++) {
      V x = splat(in[i + s]);
      LENET_UNROLL
      for (int j = 0; j < kBlock; j++) sum[s][j] += x * w[s * kBlock + j];
    }
  }
  LENET_UNROLL
  for (int s = 1; s < kSplit; s++) {
    LENET_UNROLL
    for (int j = 0; j < kBlock; j++) sum[0][j] += sum[s][j];
  }
  LENET_UNROLL
  for (int j = 0; j < kBlock; j++) as_vectors(out)[j] = sum[0][j];
}

// in [n], n a multiple of 4 -> out [padded(m)]
LENET_NOINLINE void dense(const float* in, int n, const float* weight, const float* bias, int m,
                          float* out) {
  for (int left = vectors_of(m); left > 0;) {
    const int block = block_of(left);
    if (block == 8) {
      dense_block<8, 2>(in, n, weight, bias, out);
    } else if (block == 4) {
      dense_block<4, kManyRegisters ? 4 : 2>(in, n, weight, bias, out);
    } else if (block == 2) {
      dense_block<2, 4>(in, n, weight, bias, out);
    } else {
      dense_block<1, 4>(in, n, weight, bias, out);
    }
    weight += n * block * kLanes;
    bias += block * kLanes;
    out += block * kLanes;
    left -= block;
  }
}

template <Activation kActivation>
LENET_INLINE void activate_all(int vectors, float* values) {
  for (int j = 0; j < vectors; j++) {
    as_vectors(values)[j] = activate<kActivation>(as_vectors(values)[j]);
  }
}

// logits [padded(classes)]
LENET_NOINLINE void softmax_of(float* logits, int classes, float* probabilities) {
  // The padding must not win: it repeats a logit that is there.
  for (int c = classes; c < padded(classes); c++) logits[c] = logits[0];
  V* z = as_vectors(logits);
  const int vectors = vectors_of(classes);
  V largest = z[0];
  for (int j = 1; j < vectors; j++) largest = max(z[j], largest);
  float peak = largest[0];
  for (int lane = 1; lane < kLanes; lane++) {
    peak = largest[lane] > peak ? largest[lane] : peak;
  }
  for (int j = 0; j < vectors; j++) z[j] = exp(z[j] - splat(peak));
  for (int c = classes; c < padded(classes); c++) logits[c] = 0;
  V sums = splat(0);
  for (int j = 0; j < vectors; j++) sums += z[j];
  float sum = 0;
  for (int lane = 0; lane < kLanes; lane++) sum += sums[lane];
  for (int j = 0; j < vectors; j++) z[j] = z[j] / splat(sum);
  for (int c = 0; c < classes; c++) probabilities[c] = logits[c];
}

}  // namespace

int single_image_weights_size(int classes) { return arrangement_of(classes).size; }

void arrange_single_image_weights(const ParameterLayout* layout, int classes,
                                  const float* parameters, float* weights) {
  const Arrangement a = arrangement_of(classes);
  const float* conv1 = parameters + layout->conv1_weight;
  const float* conv2 = parameters + layout->conv2_weight;
  for (int o = 0; o < kConv1Channels; o++) {
    for (int k = 0; k < kTaps * kTaps; k++) {
      weights[a.conv1_weight + k * kConv1Channels + o] = conv1[o * kTaps * kTaps + k];
    }
    weights[a.conv1_bias + o] = parameters[layout->conv1_bias + o];
  }
  SingleImageConv2::arrange_weights(conv2, weights + a.conv2_weight);
  for (int o = 0; o < kConv2Channels; o++) {
    weights[a.conv2_bias + o] = parameters[layout->conv2_bias + o];
  }
  // The second pooling leaves [5][5][16], the parameters' order is [16][5][5].
  arrange_dense(
      parameters + layout->fc1_weight, parameters + layout->fc1_bias, kFlat, kFc1,
      [](int i) { return i % 25 * kConv2Channels + i / 25; }, weights + a.fc1_weight,
      weights + a.fc1_bias);
  const auto same = [](int i) { return i; };
  arrange_dense(parameters + layout->fc2_weight, parameters + layout->fc2_bias, kFc1, kFc2, same,
                weights + a.fc2_weight, weights + a.fc2_bias);
  arrange_dense(parameters + layout->fc3_weight, parameters + layout->fc3_bias, kFc2, classes, same,
                weights + a.fc3_weight, weights + a.fc3_bias);
}

template <Activation kActivation, Pooling kPooling>
void predict_single_image(const float* weights, int classes, float scale, float offset,
                          const uint8_t* image, float* probabilities) {
  const Arrangement a = arrangement_of(classes);
  // The image framed by two zeros; the last row's last vector reads beyond it.
  alignas(64) float x[32 * 32 + 64] = {};
  alignas(64) float conv1[kConv1Channels * 2 * kConv1RowSize];
  alignas(64) float pool1[(kConv1Channels * 14 + 2) * 16];
  alignas(64) float conv2[10 * 10 * kConv2Channels];
  alignas(64) float pool2[kFlat];
  alignas(64) float fc1[padded(kFc1)];
  alignas(64) float fc2[padded(kFc2)];
  alignas(64) float logits[kMaxVectors * kLanes];

  for (int y = 0; y < 28; y++) {
    for (int c = 0; c < 28; c++) x[(y + 2) * 32 + c + 2] = image[y * 28 + c] * scale + offset;
  }
  for (int row_pair = 0; row_pair < 14; row_pair++) {
    conv1_row_pair(x, weights + a.conv1_weight, weights + a.conv1_bias, row_pair, conv1);
    conv1_activation_pool<kActivation, kPooling>(conv1, row_pair, pool1);
  }
  // Two more rows are read, and what becomes of them is thrown away.
  for (int i = 0; i < 2 * 16; i++) pool1[kConv1Channels * 14 * 16 + i] = 0;
  SingleImageConv2::forward(pool1, weights + a.conv2_weight, weights + a.conv2_bias, conv2);
  for (int row_pair = 0; row_pair < 5; row_pair++) {
    conv2_activation_pool<kActivation, kPooling>(conv2 + row_pair * 2 * 10 * kConv2Channels,
                                                 row_pair, pool2);
  }
  dense(pool2, kFlat, weights + a.fc1_weight, weights + a.fc1_bias, kFc1, fc1);
  activate_all<kActivation>(vectors_of(kFc1), fc1);
  dense(fc1, kFc1, weights + a.fc2_weight, weights + a.fc2_bias, kFc2, fc2);
  activate_all<kActivation>(vectors_of(kFc2), fc2);
  dense(fc2, kFc2, weights + a.fc3_weight, weights + a.fc3_bias, classes, logits);
  softmax_of(logits, classes, probabilities);
}

#define LENET_INSTANTIATE(ACTIVATION, POOLING)                                  \
  template void predict_single_image<Activation::ACTIVATION, Pooling::POOLING>( \
      const float*, int, float, float, const uint8_t*, float*);

LENET_FOR_EACH_VARIANT(LENET_INSTANTIATE)

}  // namespace lenet::LENET_ISA
