// The entry points of the emulated libcublas.so.13.
#include "cublas/handle.h"
#include "runtime/handles.h"

namespace lenet::emulation {
namespace {

constexpr uintptr_t kWorkspaceAlignment = 256;

Handles<CublasHandle>& handles() {
  static auto& handles = *new Handles<CublasHandle>("cublas_handles");
  return handles;
}

// Runs the body with the handle, unless the call is refused or made to fail.
template <class Body>
cublasStatus_t with_handle(const Entry& entry, cublasStatus_t fault, cublasHandle_t raw,
                           Body&& body) {
  auto guard = lock();
  Admission admission = admit(entry);
  CublasHandle* handle = handles().find(raw);
  if (handle == nullptr) {
    explain(std::string(entry.name) + ": not a live handle");
    return CUBLAS_STATUS_NOT_INITIALIZED;
  }
  if (admission.verdict == Verdict::kRefused) return CUBLAS_STATUS_EXECUTION_FAILED;
  if (admission.verdict == Verdict::kInjected) {
    return admission.code != 0 ? static_cast<cublasStatus_t>(admission.code) : fault;
  }
  return body(handle);
}

struct StatusText {
  cublasStatus_t status;
  const char* name;
  const char* text;
};

constexpr StatusText kStatuses[] = {
    {CUBLAS_STATUS_SUCCESS, "CUBLAS_STATUS_SUCCESS", "success"},
    {CUBLAS_STATUS_NOT_INITIALIZED, "CUBLAS_STATUS_NOT_INITIALIZED",
     "the library was not initialized"},
    {CUBLAS_STATUS_ALLOC_FAILED, "CUBLAS_STATUS_ALLOC_FAILED", "the resource allocation failed"},
    {CUBLAS_STATUS_INVALID_VALUE, "CUBLAS_STATUS_INVALID_VALUE",
     "an unsupported value or parameter was passed to the function"},
    {CUBLAS_STATUS_ARCH_MISMATCH, "CUBLAS_STATUS_ARCH_MISMATCH",
     "the device lacks a feature that the function needs"},
    {CUBLAS_STATUS_MAPPING_ERROR, "CUBLAS_STATUS_MAPPING_ERROR",
     "an access to GPU memory space failed"},
    {CUBLAS_STATUS_EXECUTION_FAILED, "CUBLAS_STATUS_EXECUTION_FAILED",
     "the GPU program failed to execute"},
    {CUBLAS_STATUS_INTERNAL_ERROR, "CUBLAS_STATUS_INTERNAL_ERROR", "an internal operation failed"},
    {CUBLAS_STATUS_NOT_SUPPORTED, "CUBLAS_STATUS_NOT_SUPPORTED",
     "the functionality requested is not supported"},
    {CUBLAS_STATUS_LICENSE_ERROR, "CUBLAS_STATUS_LICENSE_ERROR", "the license is missing"}};

const StatusText* find_status(cublasStatus_t status) {
  for (const StatusText& known : kStatuses) {
    if (known.status == status) return &known;
  }
  return nullptr;
}

}  // namespace
}  // namespace lenet::emulation

using namespace lenet::emulation;

extern "C" {

LENET_EMU_API cublasStatus_t cublasCreate_v2(cublasHandle_t* result) {
  auto guard = lock();
  Admission admission = admit({"cublasCreate", true});
  if (result == nullptr) return CUBLAS_STATUS_INVALID_VALUE;
  *result = nullptr;
  if (admission.verdict == Verdict::kRefused) return CUBLAS_STATUS_NOT_INITIALIZED;
  if (admission.verdict == Verdict::kInjected) {
    return admission.code != 0 ? static_cast<cublasStatus_t>(admission.code)
                               : CUBLAS_STATUS_ALLOC_FAILED;
  }
  auto handle = std::make_unique<CublasHandle>();
  handle->device = current_device();
  *result = reinterpret_cast<cublasHandle_t>(handles().add(std::move(handle)));
  return CUBLAS_STATUS_SUCCESS;
}

// Also gives back when it reports an error, but not on another device. "The device associated with
// a particular cuBLAS context is assumed to remain unchanged between the corresponding
// cublasCreate() and cublasDestroy() calls", says the documentation.
LENET_EMU_API cublasStatus_t cublasDestroy_v2(cublasHandle_t raw) {
  auto guard = lock();
  Admission admission = admit({"cublasDestroy", true});
  if (handles().find(raw) == nullptr) {
    explain("cublasDestroy: not a live handle");
    return CUBLAS_STATUS_NOT_INITIALIZED;
  }
  if (current_device() != handles().find(raw)->device) {
    explain("cublasDestroy: another device than the handle's is current");
    return CUBLAS_STATUS_EXECUTION_FAILED;
  }
  handles().remove(raw);
  if (admission.verdict == Verdict::kProceed) return CUBLAS_STATUS_SUCCESS;
  return admission.verdict == Verdict::kInjected && admission.code != 0
             ? static_cast<cublasStatus_t>(admission.code)
             : CUBLAS_STATUS_EXECUTION_FAILED;
}

LENET_EMU_API cublasStatus_t cublasSetStream_v2(cublasHandle_t raw, cudaStream_t stream) {
  return with_handle({"cublasSetStream"}, CUBLAS_STATUS_MAPPING_ERROR, raw,
                     [&](CublasHandle* handle) {
                       if (device_of(stream) != handle->device) {
                         explain("cublasSetStream: no live stream of the handle's device");
                         return CUBLAS_STATUS_INVALID_VALUE;
                       }
                       handle->stream = stream;
                       // As documented: back to cuBLAS's own pool.
                       handle->workspace = nullptr;
                       handle->workspace_bytes = 0;
                       return CUBLAS_STATUS_SUCCESS;
                     });
}

LENET_EMU_API cublasStatus_t cublasSetWorkspace_v2(cublasHandle_t raw, void* workspace,
                                                   size_t bytes) {
  return with_handle(
      {"cublasSetWorkspace"}, CUBLAS_STATUS_INVALID_VALUE, raw, [&](CublasHandle* handle) {
        bool aligned = reinterpret_cast<uintptr_t>(workspace) % kWorkspaceAlignment == 0;
        if (!aligned || bytes == 0 || !is_live(handle->device, workspace, bytes)) {
          explain("cublasSetWorkspace: not " + std::to_string(bytes) +
                  " bytes of the device's memory, aligned to 256");
          return CUBLAS_STATUS_INVALID_VALUE;
        }
        handle->workspace = workspace;
        handle->workspace_bytes = bytes;
        return CUBLAS_STATUS_SUCCESS;
      });
}

LENET_EMU_API cublasStatus_t cublasSetMathMode(cublasHandle_t raw, cublasMath_t mode) {
  return with_handle({"cublasSetMathMode"}, CUBLAS_STATUS_INVALID_VALUE, raw,
                     [&](CublasHandle* handle) {
                       if (mode != CUBLAS_DEFAULT_MATH && mode != CUBLAS_PEDANTIC_MATH &&
                           mode != CUBLAS_TF32_TENSOR_OP_MATH) {
                         explain("cublasSetMathMode: unknown mode");
                         return CUBLAS_STATUS_INVALID_VALUE;
                       }
                       handle->math = mode;
                       return CUBLAS_STATUS_SUCCESS;
                     });
}

LENET_EMU_API cublasStatus_t cublasSetPointerMode_v2(cublasHandle_t raw, cublasPointerMode_t mode) {
  return with_handle({"cublasSetPointerMode"}, CUBLAS_STATUS_INVALID_VALUE, raw,
                     [&](CublasHandle* handle) {
                       if (mode != CUBLAS_POINTER_MODE_HOST && mode != CUBLAS_POINTER_MODE_DEVICE) {
                         return CUBLAS_STATUS_INVALID_VALUE;
                       }
                       handle->pointer_mode = mode;
                       return CUBLAS_STATUS_SUCCESS;
                     });
}

LENET_EMU_API cublasStatus_t cublasSgemm_v2(cublasHandle_t raw, cublasOperation_t transa,
                                            cublasOperation_t transb, int m, int n, int k,
                                            const float* alpha, const float* a, int lda,
                                            const float* b, int ldb, const float* beta, float* c,
                                            int ldc) {
  return with_handle({"cublasSgemm"}, CUBLAS_STATUS_EXECUTION_FAILED, raw,
                     [&](CublasHandle* handle) {
                       return enqueue_sgemm(
                           *handle, {transa, transb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc});
                     });
}

LENET_EMU_API cublasStatus_t cublasGetVersion_v2(cublasHandle_t raw, int* version) {
  return with_handle({"cublasGetVersion"}, CUBLAS_STATUS_INVALID_VALUE, raw, [&](CublasHandle*) {
    *version = CUBLAS_VERSION;
    return CUBLAS_STATUS_SUCCESS;
  });
}

LENET_EMU_API cublasStatus_t cublasGetProperty(libraryPropertyType type, int* value) {
  if (value == nullptr || type < MAJOR_VERSION || type > PATCH_LEVEL) {
    return CUBLAS_STATUS_INVALID_VALUE;
  }
  const int version[] = {CUBLAS_VER_MAJOR, CUBLAS_VER_MINOR, CUBLAS_VER_PATCH};
  *value = version[type];
  return CUBLAS_STATUS_SUCCESS;
}

LENET_EMU_API const char* cublasGetStatusName(cublasStatus_t status) {
  const StatusText* known = find_status(status);
  return known == nullptr ? "<unknown>" : known->name;
}

LENET_EMU_API const char* cublasGetStatusString(cublasStatus_t status) {
  const StatusText* known = find_status(status);
  return known == nullptr ? "<unknown>" : known->text;
}

}  // extern "C"
