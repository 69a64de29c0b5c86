#include "core/plugin.h"

#include <dlfcn.h>

#include <memory>
#include <mutex>
#include <string>

namespace lenet {
namespace {

struct Plugin {
  const EngineTable* engine = nullptr;
  decltype(&lenet_cuda_report) report = nullptr;
};

std::mutex mutex;
Plugin cuda_plugin;

struct Close {
  void operator()(void* library) const { dlclose(library); }
};

std::string loader_error() {
  const char* error = dlerror();
  return error == nullptr ? "unknown reason" : error;
}

template <class Function>
Function* find(void* library, const char* path, const char* name) {
  void* symbol = dlsym(library, name);
  if (symbol == nullptr) {
    throw Error(std::string(path) + " is not lenet4j's CUDA plugin: " + loader_error());
  }
  return reinterpret_cast<Function*>(symbol);
}

Plugin load(const char* path) {
  // Local: its symbols are of interest to nobody else. Now: a missing symbol is better noticed
  // here than in the middle of a training.
  std::unique_ptr<void, Close> library(dlopen(path, RTLD_NOW | RTLD_LOCAL));
  if (library == nullptr) throw Error("the CUDA plugin could not be loaded: " + loader_error());
  Plugin plugin;
  plugin.engine =
      find<decltype(lenet_cuda_engine_table)>(library.get(), path, "lenet_cuda_engine_table")();
  if (plugin.engine->version != kEngineTableVersion) {
    throw Error(std::string(path) + " belongs to another version of lenet4j (its engine table is " +
                std::to_string(plugin.engine->version) + ", needed is " +
                std::to_string(kEngineTableVersion) +
                "): use jars of one version, with and without classifier");
  }
  plugin.report = find<decltype(lenet_cuda_report)>(library.get(), path, "lenet_cuda_report");
  // Never unloaded: CUDA's libraries do not survive that.
  static_cast<void>(library.release());
  return plugin;
}

Plugin opened_plugin() {
  std::lock_guard<std::mutex> lock(mutex);
  if (cuda_plugin.engine == nullptr)
    throw Error("the CUDA plugin has not been opened: call open_cuda() first");
  return cuda_plugin;
}

}  // namespace

void open_cuda(const char* path) {
  if (path == nullptr) throw Error("path must not be null");
  std::lock_guard<std::mutex> lock(mutex);
  if (cuda_plugin.engine == nullptr) cuda_plugin = load(path);
}

std::string cuda_report() {
  char text[4000] = "";
  Status status;
  opened_plugin().report(&status, text, sizeof text);
  if (status.failed) throw Error(status.message);
  return text;
}

const EngineTable* cuda_engine_table() { return opened_plugin().engine; }

}  // namespace lenet
