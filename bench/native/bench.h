// What the benchmarks share: the clock, order statistics, random data, options and the peak.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "lenet/engine.h"

namespace lenet {

inline double seconds() {
  using Clock = std::chrono::steady_clock;
  return std::chrono::duration<double>(Clock::now().time_since_epoch()).count();
}

inline double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
  return values[values.size() / 2];
}

inline double minimum(const std::vector<double>& values) {
  return *std::min_element(values.begin(), values.end());
}

// Forward and backward of one example by direct convolution, without the gradient of the images.
constexpr double kFlopsPerExample = 2 * 1131960.0;

// Random images and labels.
struct Images {
  std::vector<uint8_t> pixels;
  std::vector<int32_t> labels;
};
Images random_images(int count, int classes);
std::vector<float> random_parameters(int count);

struct Options {
  std::string isa;
  Config config;
  int batch_size = 256;
  int images = 8192;
  double seconds = 2;
  bool tsv = false;
};

// Runs `rounds` rounds of independent multiply-adds; returns their floating point operations.
using Peak = double (*)(long rounds);
// Null if this build has no kernels for the instruction set.
Peak find_peak(const std::string& isa);
// GFLOP/s of multiply-adds on that many cores, measured for `limit` seconds.
double measure_peak(const std::string& isa, int threads, double limit = 0.1);

void run_ceilings(const Options& options);
void run_kernels(const Options& options);
void run_latency(const Options& options);
void run_steps(const Options& options);

}  // namespace lenet
