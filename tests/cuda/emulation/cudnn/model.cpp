#include "cudnn/model.h"

namespace lenet::emulation {

size_t Tensor::size() const {
  size_t size = 1;
  for (int64_t dim : dims) size *= static_cast<size_t>(dim);
  return size;
}

bool Tensor::is_packed() const {
  int64_t stride = 1;
  for (size_t i = dims.size(); i-- > 0; stride *= dims[i]) {
    if (strides[i] != stride) return false;
  }
  return true;
}

}  // namespace lenet::emulation
