#include "runtime/launch.h"

#include <dlfcn.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <numeric>
#include <random>
#include <sstream>

#include "runtime/context.h"
#include "runtime/settings.h"

namespace lenet::emulation {
namespace {

constexpr uint64_t kMaxThreads = 1024;
constexpr uint32_t kMaxBlock[3] = {1024, 1024, 64};
constexpr uint32_t kMaxGrid[3] = {2147483647, 65535, 65535};

[[noreturn]] void give_up(const std::string& message) {
  std::fprintf(stderr, "lenet-emu: %s\n", message.c_str());
  std::abort();
}

void add_library(const std::string& path, std::map<std::string, const Kernel*>* kernels) {
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) give_up(std::string("no kernels: ") + dlerror());
  auto* table = static_cast<const KernelTable*>(dlsym(library, "lenet_emu_kernel_table"));
  if (table == nullptr) give_up(path + " has no lenet_emu_kernel_table");
  for (size_t i = 0; i < table->count; i++) {
    Dl_info info;
    const void* function = table->kernels[i].function;
    if (dladdr(function, &info) == 0 || info.dli_saddr != function) {
      give_up(path + " does not export its kernel " + std::to_string(i));
    }
    (*kernels)[info.dli_sname] = &table->kernels[i];
  }
}

const std::map<std::string, const Kernel*>& host_kernels() {
  static auto& kernels = *[] {
    auto* found = new std::map<std::string, const Kernel*>;
    std::istringstream paths(settings().kernels);
    std::string path;
    while (std::getline(paths, path, ':')) add_library(path, found);
    return found;
  }();
  return kernels;
}

std::map<const void*, RegisteredKernel>& registered() {
  static auto& kernels = *new std::map<const void*, RegisteredKernel>;
  return kernels;
}

std::vector<uint32_t> order_of(uint64_t count, uint64_t salt) {
  std::vector<uint32_t> order(count);
  std::iota(order.begin(), order.end(), 0);
  if (settings().order == Order::kReverse) std::reverse(order.begin(), order.end());
  if (settings().order == Order::kShuffle) {
    std::shuffle(order.begin(), order.end(), std::mt19937_64(settings().seed * 1000003 + salt));
  }
  return order;
}

uint64_t size_of(const uint32_t* dimensions) {
  return uint64_t{dimensions[0]} * dimensions[1] * dimensions[2];
}

bool within(const uint32_t* dimensions, const uint32_t* limits) {
  return std::all_of(limits, limits + 3, [&](const uint32_t& limit) {
    uint32_t value = dimensions[&limit - limits];
    return value >= 1 && value <= limit;
  });
}

std::string text_of(const uint32_t* dimensions) {
  return std::to_string(dimensions[0]) + "x" + std::to_string(dimensions[1]) + "x" +
         std::to_string(dimensions[2]);
}

// Copies of the arguments, made when the kernel is launched.
class Arguments {
 public:
  Arguments(const Kernel& kernel, void** arguments) {
    for (size_t i = 0; i < kernel.arguments; i++) {
      const char* value = static_cast<const char*>(arguments[i]);
      values_.emplace_back(value, value + kernel.argument[i].bytes);
    }
    for (std::vector<char>& value : values_) pointers_.push_back(value.data());
  }
  Arguments(const Arguments&) = delete;
  Arguments& operator=(const Arguments&) = delete;

  void* const* pointers() const { return pointers_.data(); }

  // All that must be device memory: pointers, unless null, and within structs what looks like one.
  std::vector<Range> ranges(const Kernel& kernel) const {
    std::vector<Range> ranges;
    for (size_t i = 0; i < kernel.arguments; i++) {
      const std::vector<char>& value = values_[i];
      for (size_t at = 0; at + sizeof(void*) <= value.size(); at += sizeof(void*)) {
        const void* pointer;
        std::memcpy(&pointer, value.data() + at, sizeof pointer);
        bool relevant = kernel.argument[i].is_pointer ? pointer != nullptr : owner_of(pointer) >= 0;
        if (relevant) ranges.push_back({pointer, 1});
      }
    }
    return ranges;
  }

 private:
  std::vector<std::vector<char>> values_;
  std::vector<void*> pointers_;
};

void run(const Kernel& kernel, LaunchShape shape, const Arguments& arguments) {
  static uint64_t launches = 0;
  launches++;
  std::vector<uint32_t> blocks = order_of(size_of(shape.grid), launches);
  std::vector<uint32_t> threads = order_of(size_of(shape.block), ~launches);
  shape.block_order = blocks.data();
  shape.thread_order = threads.data();
  kernel.run(shape, arguments.pointers());
}

}  // namespace

void register_kernel(const void* host_function, const char* name) {
  auto found = host_kernels().find(name);
  if (found == host_kernels().end()) {
    give_up(std::string("the kernel ") + name + " has no host-compiled twin in " +
            settings().kernels);
  }
  registered()[host_function] = {name, found->second};
}

RegisteredKernel* find_kernel(const void* host_function) {
  auto found = registered().find(host_function);
  return found == registered().end() ? nullptr : &found->second;
}

bool is_kernel(const void* handle) {
  for (const auto& [function, kernel] : registered()) {
    if (&kernel == handle) return true;
  }
  return false;
}

cudaError_t launch(const RegisteredKernel& registered, dim3 grid, dim3 block, void** arguments,
                   size_t shared_bytes, Stream* stream) {
  const Kernel& kernel = *registered.kernel;
  LaunchShape shape{{grid.x, grid.y, grid.z}, {block.x, block.y, block.z}, nullptr, nullptr};
  Operation operation;
  operation.kind = "kernel";
  operation.label =
      registered.name + " grid " + text_of(shape.grid) + " block " + text_of(shape.block);
  if (stream->device != current_device()) {
    explain(operation.label + ": the stream belongs to another device than the current one");
    return cudaErrorInvalidResourceHandle;
  }
  if (!within(shape.grid, kMaxGrid) || !within(shape.block, kMaxBlock) ||
      size_of(shape.block) > kMaxThreads) {
    explain(operation.label + ": the grid or block is empty or beyond the limits");
    return cudaErrorInvalidConfiguration;
  }
  if (size_of(shape.block) > static_cast<uint64_t>(kernel.max_threads)) {
    explain(operation.label + ": the launch bounds allow " + std::to_string(kernel.max_threads) +
            " threads");
    return cudaErrorLaunchOutOfResources;
  }
  if (shared_bytes != 0) {
    explain(operation.label + ": the emulation has no dynamic shared memory");
    return cudaErrorInvalidValue;
  }
  auto copies = std::make_shared<const Arguments>(kernel, arguments);
  operation.ranges = copies->ranges(kernel);
  operation.work = [&kernel, shape, copies] { run(kernel, shape, *copies); };
  return enqueue(stream, std::move(operation));
}

}  // namespace lenet::emulation
