// libcudnn_graph.so.9 of the emulation: the functions of the graph API under the library's own
// symbol version, passed on to the emulated libcudnn.so.9. The real ones have it the other way
// round.
#include <cudnn_graph.h>
#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>

#define LENET_EMU_FORWARD extern "C" __attribute__((visibility("default")))

namespace {

// In libcudnn.so.9, of which the process has one: here the linker would find only this library's.
template <class Function>
Function* real(Function*, const char* name) {
  static void* const library = dlopen("libcudnn.so.9", RTLD_LAZY | RTLD_LOCAL);
  void* symbol = library == nullptr ? nullptr : dlsym(library, name);
  if (symbol == nullptr) {
    std::fprintf(stderr, "lenet-emu: %s\n", dlerror());
    std::abort();
  }
  return reinterpret_cast<Function*>(symbol);
}

}  // namespace

#define PASS_ON(function, ...)                              \
  static const auto pointer = real(&(function), #function); \
  return pointer(__VA_ARGS__)

LENET_EMU_FORWARD size_t cudnnGetVersion() { PASS_ON(cudnnGetVersion); }

LENET_EMU_FORWARD size_t cudnnGetCudartVersion() { PASS_ON(cudnnGetCudartVersion); }

LENET_EMU_FORWARD const char* cudnnGetErrorString(cudnnStatus_t status) {
  PASS_ON(cudnnGetErrorString, status);
}

LENET_EMU_FORWARD void cudnnGetLastErrorString(char* message, size_t size) {
  PASS_ON(cudnnGetLastErrorString, message, size);
}

LENET_EMU_FORWARD cudnnStatus_t cudnnCreate(cudnnHandle_t* handle) { PASS_ON(cudnnCreate, handle); }

LENET_EMU_FORWARD cudnnStatus_t cudnnDestroy(cudnnHandle_t handle) {
  PASS_ON(cudnnDestroy, handle);
}

LENET_EMU_FORWARD cudnnStatus_t cudnnSetStream(cudnnHandle_t handle, cudaStream_t stream) {
  PASS_ON(cudnnSetStream, handle, stream);
}

LENET_EMU_FORWARD cudnnStatus_t cudnnBackendCreateDescriptor(cudnnBackendDescriptorType_t type,
                                                             cudnnBackendDescriptor_t* descriptor) {
  PASS_ON(cudnnBackendCreateDescriptor, type, descriptor);
}

LENET_EMU_FORWARD cudnnStatus_t cudnnBackendDestroyDescriptor(cudnnBackendDescriptor_t descriptor) {
  PASS_ON(cudnnBackendDestroyDescriptor, descriptor);
}

LENET_EMU_FORWARD cudnnStatus_t cudnnBackendFinalize(cudnnBackendDescriptor_t descriptor) {
  PASS_ON(cudnnBackendFinalize, descriptor);
}

LENET_EMU_FORWARD cudnnStatus_t cudnnBackendSetAttribute(cudnnBackendDescriptor_t descriptor,
                                                         cudnnBackendAttributeName_t name,
                                                         cudnnBackendAttributeType_t type,
                                                         int64_t count, const void* values) {
  PASS_ON(cudnnBackendSetAttribute, descriptor, name, type, count, values);
}

LENET_EMU_FORWARD cudnnStatus_t cudnnBackendGetAttribute(cudnnBackendDescriptor_t descriptor,
                                                         cudnnBackendAttributeName_t name,
                                                         cudnnBackendAttributeType_t type,
                                                         int64_t capacity, int64_t* count,
                                                         void* values) {
  PASS_ON(cudnnBackendGetAttribute, descriptor, name, type, capacity, count, values);
}

LENET_EMU_FORWARD cudnnStatus_t cudnnBackendExecute(cudnnHandle_t handle,
                                                    cudnnBackendDescriptor_t plan,
                                                    cudnnBackendDescriptor_t variant_pack) {
  PASS_ON(cudnnBackendExecute, handle, plan, variant_pack);
}
