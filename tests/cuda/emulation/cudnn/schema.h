// Which attributes a kind of descriptor has, from the documentation in cudnn_graph.h. Only what
// lenet uses is here; anything else is refused.
#pragma once

#include <cudnn_graph.h>

#include <cstdint>
#include <vector>

namespace lenet::emulation {

enum class Access { kRequired, kOptional, kReadOnly };

struct Field {
  cudnnBackendAttributeName_t name;
  cudnnBackendAttributeType_t type;  // where it is CUDNN_TYPE_FLOAT, CUDNN_TYPE_DOUBLE will do
  int64_t min_count, max_count;
  Access access;
  // For descriptors: of which kind; -1 if the descriptor that has the field checks it.
  int64_t child = -1;
};

struct Schema {
  cudnnBackendDescriptorType_t type;
  const char* name;
  std::vector<Field> fields;

  const Field* find(cudnnBackendAttributeName_t name) const;
};

// nullptr for a kind that the emulation does not have.
const Schema* find_schema(cudnnBackendDescriptorType_t type);
// Bytes of one value, or 0 for an unknown type.
size_t size_of(cudnnBackendAttributeType_t type);

}  // namespace lenet::emulation
