// Random flips and shifts of training images, told by seed, epoch and the image's position in the
// epoch's order alone. Keep in sync with org.lenet4j.engine.Augmentation and CounterRandom.
#pragma once

#include <cstdint>

#include "core/layout.h"

#ifdef __CUDACC__
#define LENET_HOST_DEVICE __host__ __device__
#else
#define LENET_HOST_DEVICE
#endif

namespace lenet {

// What happens to one image: mirrored left to right first, then shifted.
struct ImageChange {
  bool mirrored;
  int32_t dy;
  int32_t dx;

  // The pixel that comes to (y, x), as an index into the image; -1 from outside, where all is 0.
  LENET_HOST_DEVICE int32_t source(int32_t y, int32_t x) const {
    y -= dy;
    x -= dx;
    if (y < 0 || y >= kImageSize || x < 0 || x >= kImageSize) return -1;
    return y * kImageSize + (mirrored ? kImageSize - 1 - x : x);
  }
};

// The random changes of one epoch. All zero means none.
struct Augmentation {
  uint64_t key = 0;
  int32_t shift = 0;
  bool flip = false;

  Augmentation() = default;
  Augmentation(bool flip_images, int32_t largest_shift, int64_t seed, int32_t epoch)
      : shift(largest_shift), flip(flip_images) {
    constexpr uint64_t kAugmentStream = 2;
    key = mix(static_cast<uint64_t>(seed) + kGamma);
    key = mix((key ^ kAugmentStream) + kGamma);
    key = mix((key ^ static_cast<uint64_t>(int64_t{epoch})) + kGamma);
  }

  LENET_HOST_DEVICE bool is_on() const { return flip || shift > 0; }

  LENET_HOST_DEVICE ImageChange change(int32_t position) const {
    const uint64_t bits = mix((key ^ static_cast<uint64_t>(position)) + kGamma);
    return {flip && (bits & 1) != 0, offset(bits >> 16), offset(bits >> 32)};
  }

 private:
  static constexpr uint64_t kGamma = 0x9e3779b97f4a7c15;

  // SplitMix64's finaliser (Steele, Lea and Flood, Fast Splittable Pseudorandom Number Generators,
  // 2014).
  LENET_HOST_DEVICE static uint64_t mix(uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

  // -shift to shift from 16 random bits.
  LENET_HOST_DEVICE int32_t offset(uint64_t bits) const {
    const uint32_t choices = 2 * static_cast<uint32_t>(shift) + 1;
    return static_cast<int32_t>((static_cast<uint32_t>(bits & 0xffff) * choices) >> 16) - shift;
  }
};

}  // namespace lenet
