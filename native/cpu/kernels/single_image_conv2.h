// The second convolution of one image, by Winograd along the rows. First the lanes are the rows of
// an input plane, so that whole columns are transformed; then they are output channels, and each
// transformed input is broadcast to all of them.
#pragma once

#include "cpu/kernels/layers.h"
#include "cpu/kernels/winograd.h"

namespace lenet::LENET_ISA {

struct SingleImageConv2 {
  static constexpr int kIn = kConv1Channels;
  static constexpr int kOut = kConv2Channels;
  static constexpr int kSize = kPool1Size;
  static constexpr int kOutSize = kConv2Size;
  static constexpr int kStride = 16;  // of a row or column, of which the last two are anything
  static constexpr int kBlocks = kOut / kLanes;
  static constexpr int kSlots = kConv2Slots;
  static constexpr int kPointWeights = kIn * kKernel;
  static constexpr int kWeights = kPoints * kPointWeights * kOut;
  static_assert(kOut % kLanes == 0 && kStride % kLanes == 0);

  // weight [16 o][6 i][5 u][5 v] -> arranged [blocks][8 p][6 i][5 u][L]
  static void arrange_weights(const float* weight, float* arranged) {
    constexpr int kRows = kOut * kPointWeights;
    float transformed[kPoints * kRows];
    winograd_weight(weight, kRows, transformed);
    for (int o = 0; o < kOut; o++) {
      for (int p = 0; p < kPoints; p++) {
        for (int t = 0; t < kPointWeights; t++) {
          arranged[((o / kLanes * kPoints + p) * kPointWeights + t) * kLanes + o % kLanes] =
              transformed[p * kRows + o * kPointWeights + t];
        }
      }
    }
  }

  // in [6][14 y][16 x] -> transformed [22 s][6 i][16 y]; reads two more rows of `in`.
  __attribute__((noinline)) static void transform_planes(const float* in, float* transformed) {
    for (int i = 0; i < kIn; i++) {
      for (int y = 0; y < kStride; y += kLanes) {
        V columns[kStride];
        LENET_UNROLL
        for (int x = 0; x < kStride; x += kLanes) {
          LENET_UNROLL
          for (int lane = 0; lane < kLanes; lane++) {
            columns[x + lane] = load(in + (i * kSize + y + lane) * kStride + x);
          }
          transpose(columns + x);
        }
        transform_conv2_row(columns, [&](int slot, V value) {
          store(transformed + (slot * kIn + i) * kStride + y, value);
        });
      }
    }
  }

  // One slot of kLanes channels: in [6 i][16 y], weight [6 i][5 u] -> m [10 y]
  __attribute__((noinline)) static void multiply(const float* in, const V* weight, V initial,
                                                 V* m) {
    V sum[kOutSize];
    LENET_UNROLL
    for (int y = 0; y < kOutSize; y++) sum[y] = initial;
    for (int i = 0; i < kIn; i++, in += kStride, weight += kKernel) {
      LENET_UNROLL
      for (int t = 0; t < kSize; t++) {
        const V x = splat(in[t]);
        LENET_UNROLL
        for (int u = 0; u < kKernel; u++) {
          if (t >= u && t - u < kOutSize) sum[t - u] += x * weight[u];
        }
      }
    }
    LENET_UNROLL
    for (int y = 0; y < kOutSize; y++) m[y] = sum[y];
  }

  // Row y of kLanes channels: m [22 s][10 y] -> out [10 x], `stride` vectors apart
  template <int kOutputs>
  __attribute__((always_inline)) static void transform_tile(const V* m, int k, int y, int stride,
                                                            V* out) {
    constexpr int kTilePoints = kOutputs == kWide ? kPoints : kNarrowPoints;
    V points[kPoints], x[kOutputs];
    LENET_UNROLL
    for (int p = 0; p < kTilePoints; p++) points[p] = m[conv2_slot(k, p) * kOutSize + y];
    transform_output<kOutputs>(points, x);
    LENET_UNROLL
    for (int j = 0; j < kOutputs; j++) out[(kWide * k + j) * stride] = x[j];
  }

  // in [6][14][16], two rows longer -> out [10 y][10 x][16]
  __attribute__((noinline)) static void forward(const float* in, const float* weight,
                                                const float* bias, float* out) {
    alignas(64) float transformed[kSlots * kIn * kStride];
    transform_planes(in, transformed);
    for (int b = 0; b < kBlocks; b++) {
      V m[kSlots * kOutSize];
      const V* w = as_vectors(weight) + b * kPoints * kPointWeights;
      for (int k = 0; k < kConv2Tiles; k++) {
        for (int p = 0; p < conv2_points(k); p++) {
          const V initial = p == kPointOfOnes ? as_vectors(bias)[b] : splat(0);
          const int slot = conv2_slot(k, p);
          multiply(transformed + slot * kIn * kStride, w + p * kPointWeights, initial,
                   m + slot * kOutSize);
        }
      }
      for (int y = 0; y < kOutSize; y++) {
        V* row = as_vectors(out) + y * kOutSize * kBlocks + b;
        for (int k = 0; k < kConv2WideTiles; k++) transform_tile<kWide>(m, k, y, kBlocks, row);
        transform_tile<kNarrow>(m, kConv2WideTiles, y, kBlocks, row);
      }
    }
  }
};

}  // namespace lenet::LENET_ISA
