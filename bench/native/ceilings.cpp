// The two ceilings of a roofline, measured: multiply-adds per second with everything in registers,
// and memory bandwidth.
//
// Each is the best of many short slices in which all threads start together and the slowest one
// counts: a ceiling is what the hardware can do, not what a busy machine left over.
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <memory>
#include <thread>
#include <vector>

#include "bench.h"

namespace lenet {

// Compiled from peak.cpp with the compiler options of the kernels.
#if defined(__x86_64__)
namespace x86_64_v4 {
double peak(long rounds);
}
namespace x86_64_v3 {
double peak(long rounds);
}
namespace x86_64_v2 {
double peak(long rounds);
}
#elif defined(__aarch64__)
namespace armv8_a {
double peak(long rounds);
}
#endif

namespace {

// Seconds of the fastest slice of work(thread), at least three of them.
template <class Work>
double best_slice(int threads, double limit, Work work) {
  std::atomic<long> arrived{0};
  std::atomic<bool> enough{false};
  std::vector<double> took(threads);
  double best = 1e30;
  auto meet = [&](long meeting) {
    ++arrived;
    while (arrived.load() < meeting * threads) std::this_thread::yield();
  };
  auto loop = [&](int thread) {
    const double begin = seconds();
    work(thread);  // Warms up, and first touches this thread's memory.
    long meeting = 0;
    for (int slice = 0; !enough.load(); slice++) {
      meet(++meeting);
      const double start = seconds();
      work(thread);
      took[thread] = seconds() - start;
      meet(++meeting);
      if (thread == 0) {
        best = std::min(best, *std::max_element(took.begin(), took.end()));
        enough = slice >= 3 && seconds() - begin > limit;
      }
      meet(++meeting);
    }
  };
  std::vector<std::thread> others;
  for (int thread = 1; thread < threads; thread++) others.emplace_back(loop, thread);
  loop(0);
  for (std::thread& other : others) other.join();
  return best;
}

// STREAM's triad on each thread's share of three arrays far larger than any cache; bytes/s.
double measure_bandwidth(int threads, double limit) {
  constexpr size_t kCount = size_t{32} << 20;  // 128 MiB an array.
  const size_t share = kCount / threads;
  std::unique_ptr<float[]> a(new float[kCount]), b(new float[kCount]), c(new float[kCount]);
  std::fill_n(b.get(), kCount, 1.0f);
  std::fill_n(c.get(), kCount, 2.0f);
  const double best = best_slice(threads, limit, [&](int thread) {
    float* __restrict to = a.get() + thread * share;
    const float* from1 = b.get() + thread * share;
    const float* from2 = c.get() + thread * share;
    for (size_t i = 0; i < share; i++) to[i] = from1[i] + 3 * from2[i];
    __asm__ volatile("" : : "r"(to) : "memory");  // The stores are wanted.
  });
  return 3.0 * sizeof(float) * static_cast<double>(share) * threads / best;
}

}  // namespace

Peak find_peak(const std::string& isa) {
#if defined(__x86_64__)
  if (isa == "x86-64-v4") return x86_64_v4::peak;
  if (isa == "x86-64-v3") return x86_64_v3::peak;
  if (isa == "x86-64-v2") return x86_64_v2::peak;
#elif defined(__aarch64__)
  if (isa == "armv8-a") return armv8_a::peak;
#endif
  return nullptr;
}

double measure_peak(const std::string& isa, int threads, double limit) {
  const Peak peak = find_peak(isa);
  constexpr long kRounds = 100000;
  const double flops = peak(1) * kRounds;
  return flops * threads / best_slice(threads, limit, [&](int) { peak(kRounds); }) * 1e-9;
}

void run_ceilings(const Options& options) {
  const int threads = options.config.threads;
  const double peak = measure_peak(options.isa, threads, options.seconds / 2);
  const double bandwidth = measure_bandwidth(threads, options.seconds / 2) * 1e-9;
  std::printf(options.tsv ? "ceilings\tisa\tthreads\tgflops\ttriad_gb_per_second\n"
                            "ceilings\t%s\t%d\t%.1f\t%.2f\n"
                          : "%s, threads %d: %.1f GFLOP/s, triad %.2f GB/s\n",
              options.isa.c_str(), threads, peak, bandwidth);
}

}  // namespace lenet
