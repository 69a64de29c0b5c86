// Whole training steps through the public API.
#include <cstdio>
#include <numeric>
#include <random>

#include "bench.h"

namespace lenet {

Images random_images(int count, int classes) {
  std::mt19937 generator(7);
  std::uniform_int_distribution<int> byte(0, 255), label(0, classes - 1);
  Images images;
  images.pixels.resize(size_t(count) * 28 * 28);
  for (uint8_t& pixel : images.pixels) pixel = static_cast<uint8_t>(byte(generator));
  for (int i = 0; i < count; i++) images.labels.push_back(label(generator));
  return images;
}

std::vector<float> random_parameters(int count) {
  std::mt19937 generator(11);
  std::uniform_real_distribution<float> uniform(-0.1f, 0.1f);
  std::vector<float> parameters(count);
  for (float& parameter : parameters) parameter = uniform(generator);
  return parameters;
}

void run_steps(const Options& options) {
  const auto engine = Engine::create("cpu", options.isa.c_str(), options.config);
  engine->write_parameters(random_parameters(engine->parameter_count()).data());
  const Images images = random_images(options.images, options.config.classes);
  const int32_t dataset =
      engine->add_dataset(images.pixels.data(), images.labels.data(), options.images);
  std::vector<int32_t> order(options.images);
  std::iota(order.begin(), order.end(), 0);
  std::shuffle(order.begin(), order.end(), std::mt19937(3));
  const int batches = options.images / options.batch_size;
  const std::vector<float> rates(batches, 0.01f);

  std::vector<double> step_seconds;
  const double start = seconds();
  for (bool warm = false; step_seconds.empty() || seconds() - start < options.seconds;
       warm = true) {
    engine->start_epoch(dataset, 0, order.data(), batches * options.batch_size, options.batch_size,
                        rates.data());
    for (int i = 0; i < batches; i++) {
      const double before = seconds();
      engine->run(1);
      if (warm) step_seconds.push_back(seconds() - before);
    }
  }
  const double peak = measure_peak(options.isa, options.config.threads);
  const double total = std::accumulate(step_seconds.begin(), step_seconds.end(), 0.0);
  auto rate = [&](double per_step) { return options.batch_size / per_step; };
  const double median_rate = rate(median(step_seconds));
  const double best_rate = rate(minimum(step_seconds));
  const double mean_rate = rate(total / static_cast<double>(step_seconds.size()));
  if (options.tsv) {
    std::printf("step\tisa\tthreads\tbatch\tmedian_per_s\tbest_per_s\tmean_per_s\tpeak_gflops\n");
    std::printf("step\t%s\t%d\t%d\t%.0f\t%.0f\t%.0f\t%.1f\n", options.isa.c_str(),
                options.config.threads, options.batch_size, median_rate, best_rate, mean_rate,
                peak);
  } else {
    std::printf(
        "%s, batch %d: %.0f examples/s (median step; best %.0f, mean %.0f); "
        "%.1f %% of %.0f GFLOP/s\n",
        engine->description().c_str(), options.batch_size, median_rate, best_rate, mean_rate,
        median_rate * kFlopsPerExample / peak * 1e-7, peak);
  }
}

}  // namespace lenet
