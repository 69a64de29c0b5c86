#include "core/augmentation.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <map>

#include "cpu/change_image.h"

namespace lenet {
namespace {

std::array<uint8_t, kPixels> numbered_image() {
  std::array<uint8_t, kPixels> image{};
  for (int i = 0; i < kPixels; i++) image[i] = static_cast<uint8_t>(1 + i % 251);
  return image;
}

// The same figures stand in AugmentationTest.java; they were made by a program in Python.
TEST(Augmentation, DrawsTheSameAsInJava) {
  const Augmentation augmentation(true, 3, -7, 5);
  struct Golden {
    int32_t position;
    bool mirrored;
    int32_t dy, dx;
  };
  for (const Golden& golden :
       {Golden{0, true, 3, 0}, Golden{1, true, -3, 0}, Golden{2, true, -1, 0},
        Golden{3, false, 0, 3}, Golden{255, false, -1, 0}, Golden{59999, true, 2, -1}}) {
    const ImageChange change = augmentation.change(golden.position);
    EXPECT_EQ(change.mirrored, golden.mirrored) << golden.position;
    EXPECT_EQ(change.dy, golden.dy) << golden.position;
    EXPECT_EQ(change.dx, golden.dx) << golden.position;
  }
}

TEST(Augmentation, IsOffUnlessAsked) {
  EXPECT_FALSE(Augmentation().is_on());
  EXPECT_FALSE(Augmentation(false, 0, 1, 1).is_on());
  EXPECT_TRUE(Augmentation(true, 0, 1, 1).is_on());
  EXPECT_TRUE(Augmentation(false, 1, 1, 1).is_on());
}

TEST(Augmentation, DrawsEveryChangeEquallyOften) {
  constexpr int kDraws = 18 * 2000;
  const Augmentation augmentation(true, 1, 42, 0);
  std::map<std::array<int, 3>, int> counts;
  for (int i = 0; i < kDraws; i++) {
    const ImageChange c = augmentation.change(i);
    counts[{c.mirrored, c.dy, c.dx}]++;
  }
  ASSERT_EQ(counts.size(), 18u);
  // Six standard deviations of a binomial count with mean 2,000.
  for (const auto& [change, count] : counts) EXPECT_NEAR(count, 2000, 6 * 43.5);
}

TEST(ChangeImage, MovesEveryPixelToItsPlace) {
  const auto image = numbered_image();
  for (bool mirrored : {false, true}) {
    for (int dy : {-27, -3, 0, 1, 27}) {
      for (int dx : {-27, -1, 0, 2, 27}) {
        std::array<uint8_t, kPixels> out;
        out.fill(99);
        change_image({mirrored, dy, dx}, image.data(), out.data());
        for (int y = 0; y < kImageSize; y++) {
          for (int x = 0; x < kImageSize; x++) {
            const int from_y = y - dy;
            const int unshifted_x = x - dx;
            const int from_x = mirrored ? 27 - unshifted_x : unshifted_x;
            const bool inside = from_y >= 0 && from_y < 28 && from_x >= 0 && from_x < 28;
            const int expected = inside ? image[from_y * 28 + from_x] : 0;
            ASSERT_EQ(out[y * 28 + x], expected)
                << mirrored << " " << dy << " " << dx << " at " << y << ", " << x;
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace lenet
