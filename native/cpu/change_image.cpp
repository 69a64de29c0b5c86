#include "cpu/change_image.h"

#include <algorithm>
#include <cstring>

namespace lenet {

void change_image(const ImageChange& change, const uint8_t* image, uint8_t* out) {
  const int first_x = std::max(0, change.dx);
  const int end_x = std::min(kImageSize, kImageSize + change.dx);
  std::memset(out, 0, kPixels);
  for (int y = std::max(0, change.dy); y < std::min(kImageSize, kImageSize + change.dy); y++) {
    const uint8_t* from = image + change.source(y, first_x);
    uint8_t* to = out + y * kImageSize + first_x;
    if (change.mirrored) {
      std::reverse_copy(from - (end_x - first_x - 1), from + 1, to);
    } else {
      std::memcpy(to, from, end_x - first_x);
    }
  }
}

}  // namespace lenet
