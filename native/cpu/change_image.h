#pragma once

#include <cstdint>

#include "core/augmentation.h"

namespace lenet {

// image and out [28][28] must not overlap.
void change_image(const ImageChange& change, const uint8_t* image, uint8_t* out);

}  // namespace lenet
