// How long one image takes, call by call, beside a loop of multiply-adds as long: what the loop's
// worst calls show comes from the machine.
#include <cstdio>

#include "bench.h"

namespace lenet {
namespace {

// Sorted.
template <class Call>
std::vector<double> time_calls(int calls, Call call) {
  std::vector<double> times(calls);
  for (double& time : times) {
    const double before = seconds();
    call();
    time = seconds() - before;
  }
  std::sort(times.begin(), times.end());
  return times;
}

void print(const Options& options, const char* name, const std::vector<double>& times) {
  const auto us = [&](double share) {
    return 1e6 * times[static_cast<size_t>(share * static_cast<double>(times.size() - 1))];
  };
  std::printf(options.tsv ? "latency\t%s\t%s\t%d\t%.2f\t%.2f\t%.2f\t%.2f\n"
                          : "%s, %s, threads %d: median %.2f us, p99 %.2f, p99.9 %.2f, max %.2f\n",
              name, options.isa.c_str(), options.config.threads, us(0.5), us(0.99), us(0.999),
              us(1));
}

}  // namespace

void run_latency(const Options& options) {
  const auto engine = Engine::create("cpu", options.isa.c_str(), options.config);
  engine->write_parameters(random_parameters(engine->parameter_count()).data());
  const Images images = random_images(options.images, options.config.classes);
  std::vector<float> probabilities(options.config.classes);
  int image = 0;
  const auto predict = [&] {
    engine->predict(&images.pixels[size_t(image++ % options.images) * 28 * 28], 1,
                    probabilities.data());
  };
  const double median_s = median(time_calls(1000, predict));
  const auto loop = find_peak(options.isa);
  const auto calls = static_cast<int>(options.seconds / 2 / median_s);
  const double round = median(time_calls(1000, [&] { loop(1000); })) / 1000;
  const auto rounds = static_cast<long>(median_s / round);
  if (options.tsv) std::printf("latency\tname\tisa\tthreads\tmedian_us\tp99_us\tp999_us\tmax_us\n");
  print(options, "one image", time_calls(calls, predict));
  print(options, "a loop as long", time_calls(calls, [&] { loop(rounds); }));
}

}  // namespace lenet
