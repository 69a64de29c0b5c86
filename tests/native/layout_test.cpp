// Between images in rows and images in lanes: moves, so results are exact.
#include "kernel_test.h"

namespace lenet {
namespace {

class LayoutTest : public KernelTest {};

TEST_P(LayoutTest, GatherScalesTheInterior) {
  const size_t L = lanes();
  for (float offset : {0.0f, -0.5f, 3.0f}) {
    const float scale = 1.0f / 255;
    std::vector<std::vector<uint8_t>> images(L, std::vector<uint8_t>(28 * 28));
    std::vector<const uint8_t*> pointers;
    for (auto& image : images) {
      for (uint8_t& pixel : image) pixel = static_cast<uint8_t>(random_int(0, 255));
      pointers.push_back(image.data());
    }
    Guarded<float> x(32 * 32 * L);
    kernels().gather(pointers.data(), scale, offset, x.get());
    std::vector<Sum> expected(x.size());
    for (int row = 0; row < 28; row++) {
      for (int column = 0; column < 28; column++) {
        for (size_t lane = 0; lane < L; lane++) {
          Sum& sum = expected[((row + 2) * 32 + column + 2) * L + lane];
          sum.add(double{scale} * images[lane][row * 28 + column]);
          sum.add(offset);
        }
      }
    }
    // Nothing is allowed in the frame, since nothing was added to it.
    closeness_.expect(expected, x.values(), "x");
  }
}

TEST_P(LayoutTest, GatherLeavesTheFrame) {
  const size_t L = lanes();
  const std::vector<uint8_t> image(28 * 28, 255);
  const std::vector<const uint8_t*> pointers(L, image.data());
  Guarded<float> x(32 * 32 * L);
  x = std::vector<float>(x.size(), 7.0f);
  kernels().gather(pointers.data(), 1, 0, x.get());
  for (int row = 0; row < 32; row++) {
    for (int column = 0; column < 32; column++) {
      const bool inside = row >= 2 && row < 30 && column >= 2 && column < 30;
      for (size_t lane = 0; lane < L; lane++) {
        ASSERT_EQ(x[(row * 32 + column) * L + lane], inside ? 255 : 7)
            << "row " << row << ", column " << column << ", lane " << lane;
      }
    }
  }
}

// Calls check(n, stride) for n values of each image, rows that far apart.
template <class Check>
void for_every_size(Check check) {
  std::vector<int> sizes = {84, 400};
  for (int n = 1; n <= 40; n++) sizes.push_back(n);
  for (int n : sizes) {
    for (int stride : {n, n + 1, n + 16}) {
      SCOPED_TRACE(testing::Message() << n << " values, stride " << stride);
      check(n, stride);
    }
  }
}

TEST_P(LayoutTest, LanesToRows) {
  const size_t L = lanes();
  for_every_size([&](int n, int stride) {
    Guarded<float> values(n * L), rows(L * stride, n % 4);
    values = random(values.size());
    rows = random(rows.size());
    std::vector<float> expected = rows.values();
    for (size_t lane = 0; lane < L; lane++) {
      for (int i = 0; i < n; i++) expected[lane * stride + i] = values[i * L + lane];
    }
    kernels().lanes_to_rows(values.get(), n, rows.get(), stride);
    ASSERT_EQ(rows.values(), expected);
  });
}

TEST_P(LayoutTest, RowsToLanes) {
  const size_t L = lanes();
  for_every_size([&](int n, int stride) {
    Guarded<float> values(n * L), rows(L * stride, n % 4);
    rows = random(rows.size());
    std::vector<float> expected(values.size());
    for (size_t lane = 0; lane < L; lane++) {
      for (int i = 0; i < n; i++) expected[i * L + lane] = rows[lane * stride + i];
    }
    kernels().rows_to_lanes(rows.get(), n, stride, values.get());
    ASSERT_EQ(values.values(), expected);
  });
}

LENET_FOR_EVERY_ISA(LayoutTest);

}  // namespace
}  // namespace lenet
