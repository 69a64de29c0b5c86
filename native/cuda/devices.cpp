#include "cuda/devices.h"

#include <cublas_v2.h>
#include <cuda_runtime_api.h>
#include <cudnn_graph.h>

#include "cuda/error.h"
#include "cuda/versions.h"

namespace lenet::cuda {
namespace {

// The oldest architecture that the kernels are compiled for.
constexpr int kOldestMajor = 7;
constexpr int kOldestMinor = 5;

// The oldest whose plans for every operation are tested (tests/cuda/deviceless). Keep in sync with
// CudaLibrary.java.
constexpr size_t kOldestCudnn = 92400;

// CUDA 13.x runs on every driver from branch 580 on, says NVIDIA's table of minor version
// compatibility; older branches are Debian's and Ubuntu's own packages.
constexpr const char* kDriverRemedy =
    "install driver 580 or newer (from NVIDIA's repository: apt install cuda-drivers; on Ubuntu: "
    "ubuntu-drivers install nvidia:580), in a container see that it was started with --gpus all, "
    "or use --device cpu";

constexpr const char* kCudnnRemedy =
    "install a newer one for CUDA 13 (pip install --upgrade nvidia-cudnn-cu13, or apt install "
    "cudnn9-cuda-13), or use --device cpu; lenet4j doctor shows the one in use";

// 0 without a driver.
int driver_version() {
  int version = 0;
  LENET_CHECK(cudaDriverGetVersion(&version));
  return version;
}

int runtime_version() {
  int version = 0;
  LENET_CHECK(cudaRuntimeGetVersion(&version));
  return version;
}

std::string cublas_version() {
  std::string text;
  for (libraryPropertyType part : {MAJOR_VERSION, MINOR_VERSION, PATCH_LEVEL}) {
    int value = 0;
    LENET_CHECK(cublasGetProperty(part, &value));
    text += (text.empty() ? "" : ".") + std::to_string(value);
  }
  return text;
}

std::string built_for_and_found(const std::string& built_for, const std::string& found) {
  return found + " (built for " + built_for + ")";
}

int count_devices() {
  int count = 0;
  const cudaError_t status = cudaGetDeviceCount(&count);
  if (status == cudaSuccess && count > 0) return count;
  static_cast<void>(cudaGetLastError());
  const std::string needed = cuda_version(CUDART_VERSION);
  if (status == cudaErrorInsufficientDriver) {
    const int found = driver_version();
    throw Error(
        (found == 0 ? "no NVIDIA driver was found (libcuda.so.1)"
                    : "the NVIDIA driver is too old (it is for CUDA " + cuda_version(found) + ")") +
        ", and one for CUDA " + needed + " is needed: " + kDriverRemedy);
  }
  if (status == cudaErrorNoDevice || status == cudaSuccess) {
    throw Error(
        "the NVIDIA driver finds no GPU: see what nvidia-smi says, look at CUDA_VISIBLE_DEVICES, "
        "start a container with --gpus all, or use --device cpu");
  }
  throw_failed(status, {"cudaGetDeviceCount"});
}

DeviceInfo device_info(int device) {
  cudaDeviceProp properties;
  LENET_CHECK(cudaGetDeviceProperties(&properties, device));
  return {properties.name, properties.major, properties.minor, properties.totalGlobalMem};
}

bool is_supported(const DeviceInfo& info) {
  return info.major > kOldestMajor || (info.major == kOldestMajor && info.minor >= kOldestMinor);
}

// What is wrong with the cuDNN in this process; empty if nothing is. Its other CUDA generations
// have the same file name, so the loader does not notice.
std::string cudnn_problem() {
  const size_t version = cudnnGetVersion();
  const int cuda = static_cast<int>(cudnnGetCudartVersion());
  if (version >= kOldestCudnn && cuda / 1000 == CUDART_VERSION / 1000) return "";
  return "cuDNN " + cudnn_version(version) + " for CUDA " + cuda_version(cuda) +
         " was found, and cuDNN " + cudnn_version(kOldestCudnn) + " or newer for CUDA " +
         std::to_string(CUDART_VERSION / 1000) + " is needed: " + kCudnnRemedy;
}

// Appends lines; a check that fails becomes a line too.
class Report {
 public:
  void line(const std::string& key, const std::string& value) {
    text_ += key + " = " + value + "\n";
  }
  template <class Function>
  void attempt(Function function) {
    try {
      function();
    } catch (const Error& e) {
      line("problem", e.what());
    }
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace

std::string DeviceInfo::architecture() const {
  return "sm_" + std::to_string(major) + std::to_string(minor);
}

DeviceInfo require_device(int device) {
  const std::string problem = cudnn_problem();
  if (!problem.empty()) throw Error(problem);
  const int count = count_devices();
  if (device >= count) {
    throw Error("there is no cuda:" + std::to_string(device) + ": this machine has " +
                (count == 1 ? "one CUDA device, cuda:0"
                            : std::to_string(count) +
                                  " CUDA devices, cuda:0 to cuda:" + std::to_string(count - 1)));
  }
  DeviceInfo info = device_info(device);
  if (!is_supported(info)) {
    throw Error(info.name + " is too old (" + info.architecture() +
                "): sm_75 (Turing) or newer is needed; use --device cpu");
  }
  return info;
}

std::string versions_found() {
  return "CUDA driver " + cuda_version(driver_version()) + ", runtime " +
         cuda_version(runtime_version()) + ", cuDNN " + cudnn_version(cudnnGetVersion()) +
         ", cuBLAS " + cublas_version();
}

std::string report() {
  Report report;
  report.attempt([&] {
    const int version = driver_version();
    report.line("CUDA driver", version == 0 ? "none found" : cuda_version(version));
  });
  report.attempt([&] {
    report.line("CUDA runtime",
                built_for_and_found(cuda_version(CUDART_VERSION), cuda_version(runtime_version())));
  });
  report.line("cuDNN",
              built_for_and_found(cudnn_version(CUDNN_VERSION), cudnn_version(cudnnGetVersion())));
  const std::string problem = cudnn_problem();
  if (!problem.empty()) report.line("problem", problem);
  report.attempt(
      [&] { report.line("cuBLAS", built_for_and_found(cublas_built_for(), cublas_version())); });
  report.attempt([&] {
    const int count = count_devices();
    for (int i = 0; i < count; i++) {
      const DeviceInfo info = device_info(i);
      report.line("cuda:" + std::to_string(i),
                  info.name + ", " + info.architecture() + ", " +
                      std::to_string(info.memory >> 20) + " MiB" +
                      (is_supported(info) ? "" : " (too old: sm_75 or newer is needed)"));
    }
  });
  return report.text();
}

}  // namespace lenet::cuda
