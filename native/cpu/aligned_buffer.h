// Zeroed floats, aligned for every vector type.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>

#include "core/counted_bytes.h"

namespace lenet {

class AlignedBuffer {
 public:
  static constexpr size_t kAlignment = 64;

  explicit AlignedBuffer(size_t floats) : bytes_(size_of(floats)) {
    data_.reset(static_cast<float*>(std::aligned_alloc(kAlignment, size_of(floats))));
    if (data_ == nullptr) throw std::bad_alloc();
    std::memset(data_.get(), 0, size_of(floats));
  }

  float* data() { return data_.get(); }
  const float* data() const { return data_.get(); }

 private:
  struct Free {
    void operator()(float* p) const { std::free(p); }
  };

  static size_t size_of(size_t floats) {
    return (floats * sizeof(float) + kAlignment - 1) / kAlignment * kAlignment;
  }

  CountedBytes bytes_;
  std::unique_ptr<float, Free> data_;
};

}  // namespace lenet
