// Convolution with a 5 x 5 kernel, stride 1, no padding (conv1's input comes padded), in direct
// form. Register blocking: the accumulators plus what feeds them must fit the vector registers
// (32 with AVX-512 and on Arm, 16 otherwise).
#pragma once

#include "cpu/kernels/vector.h"

namespace lenet::LENET_ISA {

#if defined(__AVX512F__) || defined(__aarch64__)
constexpr bool kManyRegisters = true;
#else
constexpr bool kManyRegisters = false;
#endif

constexpr int kKernel = 5;

// A 2 x 2 square of outputs of kBlock channels per pass: each weight is used four times, each
// input kBlock times.
template <int kIn, int kOut, int kSize, int kBlock>
LENET_INLINE void conv_forward_rows(const V* in, const float* weight, const float* bias,
                                    int row_pair, V* out) {
  constexpr int kOutSize = kSize - kKernel + 1;
  static_assert(kOut % kBlock == 0);
  const int y = 2 * row_pair;
  for (int ob = 0; ob < kOut; ob += kBlock) {
    for (int x = 0; x < kOutSize; x += 2) {
      V sum[kBlock][4];
      LENET_UNROLL
      for (int o = 0; o < kBlock; o++) {
        LENET_UNROLL
        for (int q = 0; q < 4; q++) sum[o][q] = splat(bias[ob + o]);
      }
      for (int i = 0; i < kIn; i++) {
        const V* row = in + (i * kSize + y) * kSize + x;
        const float* w = weight + (ob * kIn + i) * kKernel * kKernel;
        for (int u = 0; u < kKernel; u++, row += kSize, w += kKernel) {
          LENET_UNROLL
          for (int v = 0; v < kKernel; v++) {
            V in00 = row[v], in01 = row[v + 1], in10 = row[kSize + v], in11 = row[kSize + v + 1];
            LENET_UNROLL
            for (int o = 0; o < kBlock; o++) {
              V k = splat(w[o * kIn * kKernel * kKernel + v]);
              sum[o][0] += in00 * k;
              sum[o][1] += in01 * k;
              sum[o][2] += in10 * k;
              sum[o][3] += in11 * k;
            }
          }
        }
      }
      LENET_UNROLL
      for (int o = 0; o < kBlock; o++) {
        V* p = out + ((ob + o) * kOutSize + y) * kOutSize + x;
        p[0] = sum[o][0];
        p[1] = sum[o][1];
        p[kOutSize] = sum[o][2];
        p[kOutSize + 1] = sum[o][3];
      }
    }
  }
}

// One input row at a time in kSize accumulators: every output row that it reached adds to it.
template <int kIn, int kOut, int kSize>
LENET_INLINE void conv_backward_data_rows(const V* d, const float* weight, V* din) {
  constexpr int kOutSize = kSize - kKernel + 1;
  for (int y = 0; y < kSize; y++) {
    const int first = y >= kOutSize ? y - kOutSize + 1 : 0;
    const int last = y < kKernel ? y : kKernel - 1;
    for (int i = 0; i < kIn; i++) {
      V sum[kSize];
      LENET_UNROLL
      for (int x = 0; x < kSize; x++) sum[x] = splat(0);
      for (int o = 0; o < kOut; o++) {
        for (int u = first; u <= last; u++) {
          const V* row = d + (o * kOutSize + y - u) * kOutSize;
          const float* w = weight + ((o * kIn + i) * kKernel + u) * kKernel;
          LENET_UNROLL
          for (int v = 0; v < kKernel; v++) {
            V k = splat(w[v]);
            LENET_UNROLL
            for (int x = 0; x < kOutSize; x++) sum[x + v] += row[x] * k;
          }
        }
      }
      LENET_UNROLL
      for (int x = 0; x < kSize; x++) din[(i * kSize + y) * kSize + x] = sum[x];
    }
  }
}

// One kernel row of kBlock output channels in registers; the input slides by as a window of five.
// Rows of the zero frame (kFrame wide) add nothing and are left out.
template <int kIn, int kOut, int kSize, int kFrame, int kBlock>
LENET_INLINE void conv_backward_weight_sums(const V* in, const V* d, V* sums) {
  constexpr int kOutSize = kSize - kKernel + 1;
  static_assert(kOut % kBlock == 0);
  for (int i = 0; i < kIn; i++) {
    for (int u = 0; u < kKernel; u++) {
      const int first = u < kFrame ? kFrame - u : 0;
      const int end = kOutSize + u > kSize - kFrame ? kSize - kFrame - u : kOutSize;
      for (int ob = 0; ob < kOut; ob += kBlock) {
        V* out = sums + ((ob * kIn + i) * kKernel + u) * kKernel;
        constexpr int kOutStride = kIn * kKernel * kKernel;
        V sum[kBlock][kKernel];
        LENET_UNROLL
        for (int o = 0; o < kBlock; o++) {
          LENET_UNROLL
          for (int v = 0; v < kKernel; v++) sum[o][v] = out[o * kOutStride + v];
        }
        for (int y = first; y < end; y++) {
          const V* row = in + (i * kSize + y + u) * kSize;
          const V* drow = d + (ob * kOutSize + y) * kOutSize;
          V window[kSize];
          LENET_UNROLL
          for (int v = 0; v < kKernel - 1; v++) window[v] = row[v];
          LENET_UNROLL
          for (int x = 0; x < kOutSize; x++) {
            window[x + kKernel - 1] = row[x + kKernel - 1];
            LENET_UNROLL
            for (int o = 0; o < kBlock; o++) {
              V dz = drow[o * kOutSize * kOutSize + x];
              LENET_UNROLL
              for (int v = 0; v < kKernel; v++) sum[o][v] += dz * window[x + v];
            }
          }
        }
        LENET_UNROLL
        for (int o = 0; o < kBlock; o++) {
          LENET_UNROLL
          for (int v = 0; v < kKernel; v++) out[o * kOutStride + v] = sum[o][v];
        }
      }
    }
  }
}

}  // namespace lenet::LENET_ISA
