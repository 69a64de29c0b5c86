// Apart from error.cpp, so that cuDNN can be tried without the CUDA runtime and cuBLAS.
#include <algorithm>
#include <string>

#include "cuda/error.h"
#include "cuda/versions.h"

namespace lenet::cuda {
namespace {

std::string last_error() {
  char text[1000] = "";
  cudnnGetLastErrorString(text, sizeof text);
  std::string line(text);
  std::replace(line.begin(), line.end(), '\n', ' ');
  // Status (core/engine_table.h) has room for 500 characters in all.
  if (line.size() > 200) line = line.substr(0, 200) + "...";
  return line;
}

}  // namespace

void throw_failed(cudnnStatus_t status, const CallSite& site) {
  std::string detail = last_error();
  throw Error(std::string(site.call) + " failed: " + cudnnGetErrorString(status) + " (" +
              std::to_string(status) + ")" + (detail.empty() ? "" : ", " + detail) +
              "; built for cuDNN " + cudnn_version(CUDNN_VERSION) + ", found " +
              cudnn_version(cudnnGetVersion()));
}

}  // namespace lenet::cuda
