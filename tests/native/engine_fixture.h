// A small world for the engine tests: random images, random parameters, an engine over them, and
// what it must refuse.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <iterator>
#include <memory>
#include <numeric>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "lenet/engine.h"

namespace lenet {

constexpr int32_t kImagePixels = 28 * 28;

struct Images {
  std::vector<uint8_t> pixels;
  std::vector<int32_t> labels;

  explicit Images(int32_t count, int32_t classes = 10) : pixels(size_t(count) * kImagePixels) {
    std::mt19937 generator(7);
    std::uniform_int_distribution<int> byte(0, 255), label(0, classes - 1);
    for (uint8_t& pixel : pixels) pixel = static_cast<uint8_t>(byte(generator));
    for (int32_t i = 0; i < count; i++) labels.push_back(label(generator));
  }

  int32_t count() const { return static_cast<int32_t>(labels.size()); }
  int32_t add_to(Engine& engine) const {
    return engine.add_dataset(pixels.data(), labels.data(), count());
  }
};

inline std::vector<float> random_parameters(const Engine& engine) {
  std::mt19937 generator(11);
  std::uniform_real_distribution<float> uniform(-0.15f, 0.15f);
  std::vector<float> parameters(engine.parameter_count());
  for (float& parameter : parameters) parameter = uniform(generator);
  return parameters;
}

inline std::unique_ptr<Engine> make_engine(const Config& config = Config(),
                                           const std::string& isa = "") {
  auto engine = Engine::create("cpu", isa.c_str(), config);
  engine->write_parameters(random_parameters(*engine).data());
  return engine;
}

inline std::vector<float> parameters_of(const Engine& engine) {
  std::vector<float> parameters(engine.parameter_count());
  engine.read_parameters(parameters.data());
  return parameters;
}

inline std::vector<float> velocities_of(const Engine& engine) {
  std::vector<float> velocities(engine.parameter_count());
  engine.read_velocities(velocities.data());
  return velocities;
}

// The examples 0 to count - 1, backwards.
inline std::vector<int32_t> order_of(int32_t count) {
  std::vector<int32_t> order(count);
  std::iota(order.rbegin(), order.rend(), 0);
  return order;
}

// Starts an epoch over the first `count` examples at one learning rate.
inline void start_epoch(Engine& engine, int32_t dataset, int32_t count, int32_t batch_size,
                        float rate = 0.1f) {
  const std::vector<float> rates((count + batch_size - 1) / batch_size, rate);
  engine.start_epoch(dataset, 0, order_of(count).data(), count, batch_size, rates.data());
}

// The call fails with an error that says this.
inline void expect_error(const std::string& part, const std::function<void()>& call) {
  try {
    call();
    ADD_FAILURE() << "no error that says '" << part << "'";
  } catch (const Error& e) {
    EXPECT_NE(std::string(e.what()).find(part), std::string::npos)
        << "'" << e.what() << "' does not say '" << part << "'";
  }
}

// Those that this processor can run.
inline std::vector<std::string> instruction_sets() {
  std::istringstream names(cpu_instruction_sets());
  return {std::istream_iterator<std::string>(names), std::istream_iterator<std::string>()};
}

inline std::string usable_isa_name(const testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

// For a fixture over instruction sets by name.
#define LENET_FOR_EVERY_USABLE_ISA(Fixture) \
  INSTANTIATE_TEST_SUITE_P(Kernels, Fixture, testing::ValuesIn(instruction_sets()), usable_isa_name)

}  // namespace lenet
