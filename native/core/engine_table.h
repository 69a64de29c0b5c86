// The border between the API and the engines: a table of C functions with a version number. An
// engine is a C++ class; make_engine_table turns it into such a table, so that no exception and no
// C++ library type crosses the border even when the engine lives in a library of its own.
#pragma once

#include <cstdint>
#include <cstdio>
#include <exception>
#include <new>

#include "lenet/engine.h"

namespace lenet {

// Raise it with every change of the table or of a struct that it passes.
constexpr int32_t kEngineTableVersion = 2;

struct Status {
  bool failed = false;
  char message[500] = "";
};

// Arguments have been validated by the caller (lenet::Engine); a function that fails says so in
// the status and leaves the engine usable. Shapes and meanings are those of lenet/engine.h.
struct EngineTable {
  int32_t version;
  void* (*create)(const char* device, const char* isa, const Config* config, Status*) noexcept;
  void (*destroy)(void* engine) noexcept;
  void (*describe)(void* engine, Status*, char* text, int32_t capacity) noexcept;
  int32_t (*add_dataset)(void* engine, Status*, const uint8_t* pixels, const int32_t* labels,
                         int32_t count) noexcept;
  void (*remove_dataset)(void* engine, Status*, int32_t dataset) noexcept;
  void (*start_epoch)(void* engine, Status*, int32_t dataset, int32_t epoch, const int32_t* order,
                      int32_t count, int32_t batch_size, const float* learning_rates) noexcept;
  void (*run)(void* engine, Status*, int32_t batches) noexcept;
  int32_t (*position)(void* engine, Status*) noexcept;
  void (*set_position)(void* engine, Status*, int32_t position) noexcept;
  Metrics (*metrics)(void* engine, Status*) noexcept;
  void (*set_metrics)(void* engine, Status*, Metrics metrics) noexcept;
  Metrics (*evaluate)(void* engine, Status*, int32_t dataset) noexcept;
  double (*gradients)(void* engine, Status*, int32_t dataset, const int32_t* indices, int32_t count,
                      float* gradient) noexcept;
  void (*layer_output)(void* engine, Status*, Layer layer, const uint8_t* images, int32_t count,
                       float* output) noexcept;
  void (*predict)(void* engine, Status*, const uint8_t* images, int32_t count,
                  float* probabilities) noexcept;
  void (*read_parameters)(void* engine, Status*, float* parameters) noexcept;
  void (*write_parameters)(void* engine, Status*, const float* parameters) noexcept;
  void (*read_velocities)(void* engine, Status*, float* velocities) noexcept;
  void (*write_velocities)(void* engine, Status*, const float* velocities) noexcept;
};

namespace detail {

inline void fail(Status* status, const char* message) noexcept {
  status->failed = true;
  std::snprintf(status->message, sizeof status->message, "%s", message);
}

template <class Function>
auto guarded(Status* status, Function&& function) noexcept -> decltype(function()) {
  try {
    return function();
  } catch (const std::bad_alloc&) {
    fail(status, "out of native memory: use a smaller dataset or fewer threads, or free memory");
  } catch (const std::exception& e) {
    fail(status, e.what());
  } catch (...) {
    fail(status, "unknown native failure");
  }
  return decltype(function())();
}

template <auto method>
struct Entry;

template <class E, class R, class... Arguments, R (E::*method)(Arguments...)>
struct Entry<method> {
  static R call(void* engine, Status* status, Arguments... arguments) noexcept {
    return guarded(status, [&] { return (static_cast<E*>(engine)->*method)(arguments...); });
  }
};

}  // namespace detail

template <class E>
constexpr EngineTable make_engine_table() {
  EngineTable table{};
  table.version = kEngineTableVersion;
  table.create = [](const char* device, const char* isa, const Config* config,
                    Status* status) noexcept -> void* {
    return detail::guarded(status, [&]() -> void* { return new E(device, isa, *config); });
  };
  table.destroy = [](void* engine) noexcept { delete static_cast<E*>(engine); };
  table.describe = detail::Entry<&E::describe>::call;
  table.add_dataset = detail::Entry<&E::add_dataset>::call;
  table.remove_dataset = detail::Entry<&E::remove_dataset>::call;
  table.start_epoch = detail::Entry<&E::start_epoch>::call;
  table.run = detail::Entry<&E::run>::call;
  table.position = detail::Entry<&E::position>::call;
  table.set_position = detail::Entry<&E::set_position>::call;
  table.metrics = detail::Entry<&E::metrics>::call;
  table.set_metrics = detail::Entry<&E::set_metrics>::call;
  table.evaluate = detail::Entry<&E::evaluate>::call;
  table.gradients = detail::Entry<&E::gradients>::call;
  table.layer_output = detail::Entry<&E::layer_output>::call;
  table.predict = detail::Entry<&E::predict>::call;
  table.read_parameters = detail::Entry<&E::read_parameters>::call;
  table.write_parameters = detail::Entry<&E::write_parameters>::call;
  table.read_velocities = detail::Entry<&E::read_velocities>::call;
  table.write_velocities = detail::Entry<&E::write_velocities>::call;
  return table;
}

}  // namespace lenet
