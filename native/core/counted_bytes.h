// How many bytes of native memory this process holds for engines: what lenet::native_bytes tells.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace lenet {

// A member beside an allocation that counts its bytes while it lives.
class CountedBytes {
 public:
  explicit CountedBytes(size_t bytes) : bytes_(bytes) { total_ += bytes_; }
  CountedBytes(CountedBytes&& other) noexcept : bytes_(std::exchange(other.bytes_, 0)) {}
  CountedBytes& operator=(CountedBytes&&) = delete;
  ~CountedBytes() { total_ -= bytes_; }

  static int64_t total() { return static_cast<int64_t>(total_.load()); }

 private:
  inline static std::atomic<size_t> total_{0};

  size_t bytes_;
};

}  // namespace lenet
