// The two ceilings of a roofline, measured: multiply-adds per second and memory bandwidth.
//
// Compiled once per instruction set, since that is what decides the first one:
//   c++ -std=c++17 -O3 -march=x86-64-v4 -mprefer-vector-width=512 -pthread peak.cpp -o peak
//   ./peak --threads 2 --seconds 1 --json
//
// Each figure is the best of many short slices, in which all threads start together and the slowest
// one counts: a ceiling is what the hardware can do, not what a busy machine left over.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace {

#if defined(__AVX512F__)
constexpr int kLanes = 16;
constexpr int kChains = 24;  // Of 32 registers. Two units times four cycles of latency need 8.
#elif defined(__AVX__)
constexpr int kLanes = 8;
constexpr int kChains = 12;  // Of 16 registers.
#elif defined(__aarch64__)
constexpr int kLanes = 4;
constexpr int kChains = 24;
#else
constexpr int kLanes = 4;
constexpr int kChains = 12;
#endif
typedef float Vector __attribute__((vector_size(kLanes * sizeof(float))));

using Clock = std::chrono::steady_clock;

double SecondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

volatile float g_factor = 0.999f;
volatile float g_summand = 1e-3f;
volatile float g_sink;

// Independent chains of a = a * x + y, all in registers.
void MultiplyAdd(long rounds) {
  Vector x = Vector{} + g_factor;
  Vector y = Vector{} + g_summand;
  Vector a[kChains];
#pragma GCC unroll 24
  for (int i = 0; i < kChains; ++i) a[i] = Vector{} + static_cast<float>(i);
  for (long round = 0; round < rounds; ++round) {
#pragma GCC unroll 24
    for (int i = 0; i < kChains; ++i) a[i] = a[i] * x + y;
  }
  Vector sum = a[0];
#pragma GCC unroll 24
  for (int i = 1; i < kChains; ++i) sum += a[i];
  g_sink = sum[0];
}

// STREAM's triad on one thread's share of three arrays far larger than any cache.
void Triad(float* __restrict a, const float* __restrict b, const float* __restrict c,
           size_t count) {
  const float factor = g_factor;
  for (size_t i = 0; i < count; ++i) a[i] = b[i] + factor * c[i];
}

// Seconds of the fastest slice of work(thread), at least three of them.
template <typename Work>
double BestSlice(int threads, double seconds, Work work) {
  std::atomic<long> arrived{0};
  std::atomic<bool> enough{false};
  std::vector<double> took(threads);
  double best = 1e30;
  auto meet = [&](long meeting) {
    ++arrived;
    while (arrived.load() < meeting * threads) std::this_thread::yield();
  };
  auto loop = [&](int thread) {
    const Clock::time_point begin = Clock::now();
    work(thread);  // Warms up, and first touches this thread's memory.
    long meeting = 0;
    for (int slice = 0; !enough.load(); ++slice) {
      meet(++meeting);
      const Clock::time_point start = Clock::now();
      work(thread);
      took[thread] = SecondsSince(start);
      meet(++meeting);
      if (thread == 0) {
        best = std::min(best, *std::max_element(took.begin(), took.end()));
        enough = slice >= 3 && SecondsSince(begin) > seconds;
      }
      meet(++meeting);
    }
  };
  std::vector<std::thread> others;
  for (int thread = 1; thread < threads; ++thread) others.emplace_back(loop, thread);
  loop(0);
  for (std::thread& other : others) other.join();
  return best;
}

double GigaFlops(int threads, double seconds) {
  constexpr long kRounds = 20000;
  const double best = BestSlice(threads, seconds, [](int) { MultiplyAdd(kRounds); });
  return 2.0 * kLanes * kChains * kRounds * threads / best * 1e-9;
}

double GigaBytesPerSecond(int threads, double seconds) {
  constexpr size_t kCount = size_t{32} << 20;  // 128 MiB an array.
  const size_t share = kCount / threads;
  std::unique_ptr<float[]> a(new float[kCount]), b(new float[kCount]), c(new float[kCount]);
  std::fill_n(b.get(), kCount, 1.0f);
  std::fill_n(c.get(), kCount, 2.0f);
  const double best = BestSlice(threads, seconds, [&](int thread) {
    const size_t begin = thread * share;
    Triad(a.get() + begin, b.get() + begin, c.get() + begin, share);
  });
  g_sink = a[kCount / 2];
  return 3.0 * sizeof(float) * share * threads / best * 1e-9;
}

[[noreturn]] void Usage() {
  std::fputs("usage: peak [--threads N] [--seconds S] [--json]\n", stderr);
  std::exit(2);
}

}  // namespace

int main(int argc, char** argv) {
  int threads = 1;
  double seconds = 1;
  bool json = false;
  for (int i = 1; i < argc; ++i) {
    const std::string option = argv[i];
    if (option == "--json") {
      json = true;
    } else if (option == "--threads" && i + 1 < argc) {
      threads = std::atoi(argv[++i]);
    } else if (option == "--seconds" && i + 1 < argc) {
      seconds = std::atof(argv[++i]);
    } else {
      Usage();
    }
  }
  if (threads < 1 || threads > 1024 || !(seconds > 0)) Usage();
  std::printf(json ? "{\"threads\": %d, \"gflops\": %.1f, \"triad_gb_per_second\": %.2f}\n"
                   : "%d threads: %.1f GFLOP/s, triad %.2f GB/s\n",
              threads, GigaFlops(threads, seconds / 2), GigaBytesPerSecond(threads, seconds / 2));
}
