// Memory aligned for every vector type.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>

#include "core/counted_bytes.h"

namespace lenet {

// Uninitialised; from 2 MiB on in huge pages: without them, the faults of 47 MB of images take
// longer than copying them.
class AlignedMemory {
 public:
  explicit AlignedMemory(size_t bytes) : bytes_(rounded(bytes)) {
    data_.reset(std::aligned_alloc(alignment_of(bytes), rounded(bytes)));
    if (data_ == nullptr) throw std::bad_alloc();
    // Where there are none, nothing is lost.
    if (alignment_of(bytes) == kHugePage) madvise(data_.get(), rounded(bytes), MADV_HUGEPAGE);
  }

  void* data() { return data_.get(); }
  const void* data() const { return data_.get(); }

 private:
  static constexpr size_t kAlignment = 64;
  static constexpr size_t kHugePage = size_t{2} << 20;

  struct Free {
    void operator()(void* p) const { std::free(p); }
  };

  static size_t alignment_of(size_t bytes) { return bytes >= kHugePage ? kHugePage : kAlignment; }
  static size_t rounded(size_t bytes) {
    const size_t alignment = alignment_of(bytes);
    return (bytes + alignment - 1) / alignment * alignment;
  }

  CountedBytes bytes_;
  std::unique_ptr<void, Free> data_;
};

// Zeroed floats.
class AlignedBuffer {
 public:
  explicit AlignedBuffer(size_t floats) : memory_(floats * sizeof(float)) {
    std::memset(memory_.data(), 0, floats * sizeof(float));
  }

  float* data() { return static_cast<float*>(memory_.data()); }
  const float* data() const { return static_cast<const float*>(memory_.data()); }

 private:
  AlignedMemory memory_;
};

}  // namespace lenet
