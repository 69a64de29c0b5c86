#pragma once

#include <cstdint>

#include "core/augmentation.h"

namespace lenet {

// image, out [28][28], apart
void change_image(const ImageChange& change, const uint8_t* image, uint8_t* out);

}  // namespace lenet
