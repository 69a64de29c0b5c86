// Opaque handles that can be told from garbage: a table of the live ones. A destroyed handle's
// address is kept, so that no later object can be mistaken for it.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "runtime/emulation.h"

namespace lenet::emulation {

template <class T>
class Handles {
 public:
  explicit Handles(const char* kind) : kind_(kind) {}

  T* add(std::unique_ptr<T> object) {
    T* handle = object.get();
    live_[handle] = std::move(object);
    count_live(kind_, 1);
    return handle;
  }

  // nullptr if it is not a live handle.
  T* find(const void* handle) const {
    auto found = live_.find(handle);
    return found == live_.end() ? nullptr : found->second.get();
  }

  void remove(const void* handle) {
    auto found = live_.find(handle);
    destroyed_.push_back(std::move(found->second));
    live_.erase(found);
    count_live(kind_, -1);
  }

 private:
  const char* kind_;
  std::map<const void*, std::unique_ptr<T>> live_;
  std::vector<std::unique_ptr<T>> destroyed_;
};

}  // namespace lenet::emulation
