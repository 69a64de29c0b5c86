// Memory for a kernel's output between two canaries, so that a write beside it fails the test.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <vector>

#include "cpu/aligned_buffer.h"

namespace lenet {

template <class T>
class Guarded {
 public:
  // `size` elements, `offset` elements beyond an address aligned for every vector type.
  explicit Guarded(size_t size, size_t offset = 0)
      : size_(size),
        memory_(((kGuard + offset + size + kGuard) * sizeof(T) + sizeof(float)) / sizeof(float)),
        data_(reinterpret_cast<T*>(memory_.data()) + kGuard + offset) {
    std::memset(data_ - kGuard, kCanary, kGuard * sizeof(T));
    std::memset(data_ + size_, kCanary, kGuard * sizeof(T));
  }
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;

  ~Guarded() {
    EXPECT_TRUE(is_canary(data_ - kGuard)) << "a write in front of the buffer";
    EXPECT_TRUE(is_canary(data_ + size_)) << "a write behind the buffer";
  }

  void operator=(const std::vector<T>& values) {
    ASSERT_EQ(values.size(), size_);
    std::copy(values.begin(), values.end(), data_);
  }

  T* get() { return data_; }
  const T* get() const { return data_; }
  size_t size() const { return size_; }
  T& operator[](size_t i) { return data_[i]; }
  std::vector<T> values() const { return std::vector<T>(data_, data_ + size_); }

 private:
  // More than the widest vector, and a multiple of it.
  static constexpr size_t kGuard = 64;
  static constexpr int kCanary = 0xa5;

  static bool is_canary(const T* p) {
    const auto* bytes = reinterpret_cast<const unsigned char*>(p);
    for (size_t i = 0; i < kGuard * sizeof(T); i++) {
      if (bytes[i] != kCanary) return false;
    }
    return true;
  }

  size_t size_;
  AlignedBuffer memory_;
  T* data_;
};

}  // namespace lenet
