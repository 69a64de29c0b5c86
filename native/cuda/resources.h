// Owners of what the CUDA libraries hand out. Destructors ignore the status: there is nothing left
// to do about it.
#pragma once

#include <cublas_v2.h>
#include <cuda_runtime_api.h>
#include <cudnn_graph.h>

#include <cstddef>
#include <memory>
#include <type_traits>

#include "cuda/error.h"

namespace lenet::cuda {

// Makes a device current in its scope, then the one that was before. Since CUDA 12 cudaSetDevice
// makes a context: after an engine on cuda:1 the caller's cuda:0 has one, too, a few hundred MB,
// used or not. CUDA_VISIBLE_DEVICES hides a device that must stay clean.
class DeviceScope {
 public:
  explicit DeviceScope(int device) {
    LENET_CHECK(cudaGetDevice(&previous_));
    if (previous_ == device) return;
    LENET_CHECK(cudaSetDevice(device));
    changed_ = true;
  }
  ~DeviceScope() {
    if (changed_) static_cast<void>(cudaSetDevice(previous_));
  }
  DeviceScope(const DeviceScope&) = delete;
  DeviceScope& operator=(const DeviceScope&) = delete;

 private:
  int previous_ = 0;
  bool changed_ = false;
};

template <auto destroy>
struct Destroy {
  template <class Handle>
  void operator()(Handle handle) const {
    static_cast<void>(destroy(handle));
  }
};
// Of a handle that is a pointer.
template <class Handle, auto destroy>
using Owner = std::unique_ptr<std::remove_pointer_t<Handle>, Destroy<destroy>>;

using Stream = Owner<cudaStream_t, cudaStreamDestroy>;
using Graph = Owner<cudaGraph_t, cudaGraphDestroy>;
using GraphExec = Owner<cudaGraphExec_t, cudaGraphExecDestroy>;
using CublasHandle = Owner<cublasHandle_t, cublasDestroy>;
using CudnnHandle = Owner<cudnnHandle_t, cudnnDestroy>;

// One allocation on the current device.
class DeviceMemory {
 public:
  DeviceMemory() = default;
  explicit DeviceMemory(size_t bytes) : bytes_(bytes) {
    void* data = nullptr;
    LENET_CHECK_ALLOCATION(cudaMalloc(&data, bytes), bytes);
    data_ = Owner<void*, cudaFree>(data);
  }

  template <class T = void>
  T* data() const {
    return static_cast<T*>(data_.get());
  }
  size_t bytes() const { return bytes_; }

 private:
  Owner<void*, cudaFree> data_;
  size_t bytes_ = 0;
};

// Hands out aligned parts of an allocation; on a null base it only adds up what will be needed.
class Carver {
 public:
  explicit Carver(void* base) : base_(static_cast<char*>(base)) {}

  template <class T>
  T* take(size_t count) {
    T* part = base_ == nullptr ? nullptr : reinterpret_cast<T*>(base_ + bytes_);
    bytes_ += (count * sizeof(T) + kAlignment - 1) / kAlignment * kAlignment;
    return part;
  }
  size_t bytes() const { return bytes_; }

 private:
  static constexpr size_t kAlignment = 256;
  char* base_;
  size_t bytes_ = 0;
};

}  // namespace lenet::cuda
