// Between images in rows and images in lanes.
#include "cpu/kernels/layers.h"

namespace lenet::LENET_ISA {

namespace {

constexpr int kBytes = 16;
typedef uint8_t Bytes __attribute__((vector_size(kBytes)));
typedef uint8_t UnalignedBytes __attribute__((vector_size(kBytes), aligned(1), may_alias));

// kBytes pixels of each image, from pixel `first` on -> [kBytes][L]: log2(kLanes) perfect shuffles
// of all the bytes.
LENET_INLINE void transpose_pixels(const uint8_t* const* images, int first, uint8_t* out) {
  Bytes v[kLanes], shuffled[kLanes];
  LENET_UNROLL
  for (int i = 0; i < kLanes; i++) {
    v[i] = *reinterpret_cast<const UnalignedBytes*>(images[i] + first);
  }
  LENET_UNROLL
  for (int round = 1; round < kLanes; round *= 2) {
    LENET_UNROLL
    for (int i = 0; i < kLanes / 2; i++) {
      const Bytes a = v[i], b = v[i + kLanes / 2];
      shuffled[2 * i] =
          __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
      shuffled[2 * i + 1] = __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13,
                                                    29, 14, 30, 15, 31);
    }
    LENET_UNROLL
    for (int i = 0; i < kLanes; i++) v[i] = shuffled[i];
  }
  LENET_UNROLL
  for (int i = 0; i < kLanes; i++) *reinterpret_cast<UnalignedBytes*>(out + i * kBytes) = v[i];
}

}  // namespace

void gather(const uint8_t* const* images, float scale, float offset, float* x) {
  constexpr int kPadded = 32, kPad = 2;
  static_assert(kPixels % kBytes == 0);
  // As bytes, a transposition moves a quarter of what it would as floats.
  uint8_t pixels[kPixels * kLanes];
  for (int first = 0; first < kPixels; first += kBytes) {
    transpose_pixels(images, first, pixels + first * kLanes);
  }
  for (int row = 0; row < kImageSize; row++) {
    const uint8_t* in = pixels + row * kImageSize * kLanes;
    float* out = x + ((row + kPad) * kPadded + kPad) * kLanes;
    for (int i = 0; i < kImageSize * kLanes; i++) out[i] = in[i] * scale + offset;
  }
}

void lanes_to_rows(const float* lanes, int n, float* rows, int stride) {
  const V* v = as_vectors(lanes);
  int first = 0;
  for (; first + kLanes <= n; first += kLanes) {
    V square[kLanes];
    LENET_UNROLL
    for (int i = 0; i < kLanes; i++) square[i] = v[first + i];
    transpose(square);
    LENET_UNROLL
    for (int lane = 0; lane < kLanes; lane++) store(rows + lane * stride + first, square[lane]);
  }
  for (; first < n; first++) {
    for (int lane = 0; lane < kLanes; lane++) {
      rows[lane * stride + first] = lanes[first * kLanes + lane];
    }
  }
}

void rows_to_lanes(const float* rows, int n, int stride, float* lanes) {
  V* v = as_vectors(lanes);
  int first = 0;
  for (; first + kLanes <= n; first += kLanes) {
    V square[kLanes];
    LENET_UNROLL
    for (int lane = 0; lane < kLanes; lane++) square[lane] = load(rows + lane * stride + first);
    transpose(square);
    LENET_UNROLL
    for (int i = 0; i < kLanes; i++) v[first + i] = square[i];
  }
  for (; first < n; first++) {
    for (int lane = 0; lane < kLanes; lane++) {
      lanes[first * kLanes + lane] = rows[lane * stride + first];
    }
  }
}

}  // namespace lenet::LENET_ISA
