// Every kernel of a training step in its place, with the caches as a step leaves them: a copy of
// the kernel table whose functions time the real ones, under the code that the engine runs.
#include "cpu/kernels/kernels.h"

#include <cstdio>
#include <cstring>

#include "bench.h"
#include "cpu/floating_point_mode.h"
#include "cpu/gradient.h"
#include "cpu/tile.h"
#include "cpu/weights.h"

namespace lenet {
namespace {

constexpr int kTiles = 16;

enum Phase {
  kGather,
  kConv1Forward,
  kActivationPoolForward,
  kConv2Input,
  kConv2Forward,
  kTransposition,
  kDenseForward,
  kDenseActivation,
  kLoss,
  kDenseBackwardData,
  kActivationPoolBackward,
  kConv2Backward,
  kConv2InputGradient,
  kConv1Backward,
  kLaneSums,
  kDenseBackwardWeight,
  kConvolutionUpdate,
  kPhases
};

struct PhaseInfo {
  const char* name;
  double multiply_adds;  // of an image, by the direct algorithm
  double share = 1;      // of them that the kernel needs
};
// Winograd's F(4,5) takes 8 products where the direct algorithm takes 20; conv2's rows of ten
// outputs take 22 instead of 50, as F(2,5) computes their last two.
constexpr double kWinograd1 = 0.4;
constexpr double kWinograd2 = 0.44;
constexpr PhaseInfo kInfo[kPhases] = {
    {"gather", 0},
    {"conv1 forward", 117600, kWinograd1},
    {"activation + pool forward", 0},
    {"conv2 input transform", 0},
    {"conv2 forward", 240000, kWinograd2},
    {"lanes <-> rows", 0},
    {"dense forward", 58920},
    {"dense activation", 0},
    {"softmax + loss", 0},
    {"dense backward data", 58920},
    {"conv2 activation + pool backward", 0},
    {"conv2 backward data + weight", 480000, kWinograd2},
    {"conv2 input gradient", 0},
    {"conv1 backward", 117600, kWinograd1},
    {"lane sums", 0},
    {"dense backward weight + SGD", 58920},
    {"convolutions' sums + SGD", 0},
};

const KernelTable* g_real;
double g_seconds[kPhases];

template <int phase, auto member>
struct Timed;

template <int phase, class R, class... A, R (*KernelTable::*member)(A...)>
struct Timed<phase, member> {
  static R call(A... arguments) {
    const double before = seconds();
    (g_real->*member)(arguments...);
    g_seconds[phase] += seconds() - before;
  }
};

// A kernel out of an array of variants.
template <int phase, class Function>
struct TimedVariant;

template <int phase, class... A>
struct TimedVariant<phase, void (*)(A...)> {
  static inline void (*real)(A...);
  static void call(A... arguments) {
    const double before = seconds();
    real(arguments...);
    g_seconds[phase] += seconds() - before;
  }
  static void put(void (*&function)(A...)) {
    real = function;
    function = call;
  }
};

KernelTable timed_table(const Options& options) {
  KernelTable t = *g_real;
  t.gather = Timed<kGather, &KernelTable::gather>::call;
  t.conv1_forward = Timed<kConv1Forward, &KernelTable::conv1_forward>::call;
  t.conv2_input_row = Timed<kConv2Input, &KernelTable::conv2_input_row>::call;
  t.conv2_input_gradient_row =
      Timed<kConv2InputGradient, &KernelTable::conv2_input_gradient_row>::call;
  t.conv2_forward = Timed<kConv2Forward, &KernelTable::conv2_forward>::call;
  t.conv2_backward = Timed<kConv2Backward, &KernelTable::conv2_backward>::call;
  t.dense_forward = Timed<kDenseForward, &KernelTable::dense_forward>::call;
  t.dense_backward_data = Timed<kDenseBackwardData, &KernelTable::dense_backward_data>::call;
  t.dense_backward_weight = Timed<kDenseBackwardWeight, &KernelTable::dense_backward_weight>::call;
  t.cross_entropy = Timed<kLoss, &KernelTable::cross_entropy>::call;
  t.lanes_to_rows = Timed<kTransposition, &KernelTable::lanes_to_rows>::call;
  t.rows_to_lanes = Timed<kTransposition, &KernelTable::rows_to_lanes>::call;
  t.sum_groups = Timed<kConvolutionUpdate, &KernelTable::sum_groups>::call;
  t.winograd_weight_gradient =
      Timed<kConvolutionUpdate, &KernelTable::winograd_weight_gradient>::call;
  t.winograd_weight = Timed<kConvolutionUpdate, &KernelTable::winograd_weight>::call;
  t.sgd = Timed<kConvolutionUpdate, &KernelTable::sgd>::call;
  t.add_lane_sums = Timed<kLaneSums, &KernelTable::add_lane_sums>::call;
  const int a = static_cast<int>(options.config.activation);
  const int p = static_cast<int>(options.config.pooling);
  using Forward = decltype(+t.activation_pool_forward[a][p]);
  using Backward = decltype(+t.activation_pool_backward[a][p]);
  TimedVariant<kActivationPoolForward, Forward>::put(t.activation_pool_forward[a][p]);
  TimedVariant<kActivationPoolBackward, Backward>::put(t.activation_pool_backward[a][p]);
  TimedVariant<kConv1Backward, decltype(+t.conv1_backward[a][p])>::put(t.conv1_backward[a][p]);
  TimedVariant<kDenseActivation, decltype(+t.activation_forward[a])>::put(t.activation_forward[a]);
  TimedVariant<kDenseActivation, decltype(+t.activation_backward[a])>::put(
      t.activation_backward[a]);
  return t;
}

}  // namespace

void run_kernels(const Options& options) {
  FlushDenormals mode;
  g_real = find_kernels(options.isa.c_str());
  const KernelTable kernels = timed_table(options);
  const int lanes = kernels.lanes, classes = options.config.classes, count = kTiles * lanes;
  const ParameterLayout layout(classes);
  Weights weights(&kernels, classes);
  weights.write(random_parameters(layout.size).data());
  // As in an epoch, an image has left the caches when it comes again.
  const Images images = random_images(std::max(options.images, count), classes);
  Tile tile(options.config, &kernels);
  DenseExamples examples(count, classes);
  Gradient gradient(&kernels, classes);
  ThreadPool pool(1);
  std::vector<float> losses(lanes), velocities(layout.size);
  std::vector<uint8_t> correct(lanes);
  const SgdStep step{1e-3f, options.config.momentum, options.config.weight_decay, false};

  std::vector<double> times[kPhases], totals;
  const double start = seconds();
  for (int image = 0; totals.empty() || seconds() - start < options.seconds; image += count) {
    if (image + count > static_cast<int>(images.labels.size())) image = 0;
    for (double& s : g_seconds) s = 0;
    const double before = seconds();
    for (int t = 0; t < kTiles; t++) {
      const int first = t * lanes;
      const uint8_t* pointers[16];
      for (int lane = 0; lane < lanes; lane++) {
        pointers[lane] = &images.pixels[size_t(image + first + lane) * kPixels];
      }
      float* conv_sums = gradient.conv_sums(t);
      std::memset(conv_sums, 0, ConvSums::kSize * sizeof(float));
      tile.forward(weights, pointers, &examples, first, nullptr);
      tile.loss(&images.labels[image + first], lanes, 0, 1.0f / static_cast<float>(count),
                losses.data(), correct.data(), examples.dlogits + size_t(first) * classes);
      tile.backward(weights, conv_sums, &examples, first);
    }
    const Chunk chunk{count, kTiles, kTiles, true, true};
    gradient.add_chunk(chunk, examples, &step, &weights, velocities.data(), &pool);
    totals.push_back(seconds() - before);
    for (int i = 0; i < kPhases; i++) times[i].push_back(g_seconds[i]);
  }

  const double peak = measure_peak(options.isa, 1);
  std::printf(options.tsv
                  ? "kernel\tisa\tname\tmedian_ns_per_tile\tmin_ns_per_tile\tideal_ns_per_tile\t"
                    "gflops\tpeak\n"
                  : "%s, ns per tile of %d images; ideal: all of its multiply-adds at the peak of "
                    "%.1f GFLOP/s;\nGFLOP/s by the direct algorithm\n",
              options.isa.c_str(), lanes, peak);
  auto print = [&](const char* name, double median_s, double min_s, double direct, double needed) {
    const double ns = median_s / kTiles * 1e9;
    std::printf(options.tsv ? "kernel\t%s\t%s\t%.0f\t%.0f\t%.0f\t%.1f\t%.1f\n"
                            : "%.0s%-30s %8.0f (min %8.0f, ideal %8.0f)  %6.1f GFLOP/s\n",
                options.isa.c_str(), name, ns, min_s / kTiles * 1e9, 2 * needed * lanes / peak,
                2 * direct * lanes / ns, peak);
  };
  double sum = 0, direct = 0, needed = 0;
  for (int i = 0; i < kPhases; i++) {
    const double median_s = median(times[i]);
    const double phase_needed = kInfo[i].multiply_adds * kInfo[i].share;
    sum += median_s;
    direct += kInfo[i].multiply_adds;
    needed += phase_needed;
    print(kInfo[i].name, median_s, minimum(times[i]), kInfo[i].multiply_adds, phase_needed);
  }
  print("all kernels", sum, sum, direct, needed);
  print("whole step, with the timing", median(totals), minimum(totals), direct, needed);
}

}  // namespace lenet
