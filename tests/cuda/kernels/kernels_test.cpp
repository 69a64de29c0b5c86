// The engine's own kernels one by one beside plain double references, compiled for the host with
// sanitizers. Every buffer has exactly the size that the kernel may touch: in the engine tensors
// lie next to each other in one allocation, where a step beside one would go unnoticed. And every
// launch has more threads than there is work.
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <random>
#include <vector>

#include "activations.h"
#include "closeness.h"
#include "kernels/kernel_library.h"
#include "sgd.h"
#include "softmax.h"

// After the device vocabulary.
#include "cuda/kernels.cuh"

namespace lenet::emulation {
Coordinates coordinates;
}  // namespace lenet::emulation

namespace lenet::cuda {
namespace {

// 1 - y, y * that, d * that: squared, as so few may all go one way.
constexpr double kDerivativeRoundings = 3 * 3;

constexpr int kBatches[] = {1, 3, 31, 63, 64, 65, 130};

class CudaKernels : public testing::Test {
 protected:
  std::vector<float> random(size_t size, float low = -1, float high = 1) {
    std::uniform_real_distribution<float> distribution(low, high);
    std::vector<float> values(size);
    for (float& value : values) value = distribution(generator_);
    return values;
  }
  template <class Integer>
  std::vector<Integer> random_integers(size_t size, int low, int high) {
    std::uniform_int_distribution<int> distribution(low, high);
    std::vector<Integer> values(size);
    for (Integer& value : values) value = static_cast<Integer>(distribution(generator_));
    return values;
  }

  // So many threads in blocks of 128, and one block too many.
  template <class Kernel>
  static void launch(int threads, Kernel kernel) {
    launch_blocks((threads + 127) / 128 + 1, 1, kernel);
  }
  template <class Kernel>
  static void launch_blocks(int x, int y, Kernel kernel) {
    std::vector<uint32_t> blocks(size_t(x) * y), threads(128);
    std::iota(blocks.begin(), blocks.end(), 0u);
    std::iota(threads.begin(), threads.end(), 0u);
    const emulation::LaunchShape shape{
        {unsigned(x), unsigned(y), 1}, {128, 1, 1}, blocks.data(), threads.data()};
    emulation::run_grid(shape, kernel);
  }

  Closeness closeness_;

 private:
  std::mt19937 generator_{42};
};

// Partial sums, filled with what is in fresh device memory.
struct SlabMemory {
  std::vector<float> biases;
  std::vector<double> losses;
  std::vector<int32_t> correct;
  int row;

  explicit SlabMemory(int classes)
      : biases(size_t(kSlabs) * (kFixedBiases + classes), std::nanf("")),
        losses(kSlabs, std::nan("")),
        correct(kSlabs, -1),
        row(kFixedBiases + classes) {}
  Slabs slabs() { return {biases.data(), losses.data(), correct.data()}; }
  float total(int bias) const {
    float total = 0;
    for (int slab = 0; slab < kSlabs; slab++) total += biases[slab * row + bias];
    return total;
  }
};

struct GatherCase {
  int batch, batch_size, count, step;
  bool ordered, labelled, augmented;
};

class Gather : public CudaKernels, public testing::WithParamInterface<GatherCase> {};

INSTANTIATE_TEST_SUITE_P(, Gather,
                         testing::Values(GatherCase{1, 1, 1, 0, false, false, false},
                                         GatherCase{5, 5, 13, 1, true, true, false},
                                         GatherCase{3, 5, 13, 2, true, true, true},
                                         GatherCase{8, 5, 13, 2, true, true, false},
                                         GatherCase{8, 8, 13, 1, false, true, false},
                                         GatherCase{4, 3, 3, 0, false, false, false}));

TEST_P(Gather, TakesTheNextExamplesAndRepeatsTheLast) {
  const GatherCase& c = GetParam();
  constexpr float kScale = 0.02f, kOffset = -0.6f;
  const std::vector<uint8_t> pixels = random_integers<uint8_t>(size_t(c.count) * kPixels, 0, 255);
  const std::vector<int32_t> labels = random_integers<int32_t>(c.count, 0, 9);
  const std::vector<int32_t> order = random_integers<int32_t>(c.count, 0, c.count - 1);
  Source source{};
  source.pixels = pixels.data();
  source.labels = c.labelled ? labels.data() : nullptr;
  source.order = c.ordered ? order.data() : nullptr;
  source.count = c.count;
  source.batch_size = c.batch_size;
  source.step = c.step;
  if (c.augmented) source.augmentation = Augmentation(true, 3, 7, 1);
  std::vector<float4> x(size_t(c.batch) * kQuads);
  std::vector<int32_t> actual_labels(c.batch), expected_labels(c.batch);

  launch(c.batch * kQuads,
         [&] { gather(&source, c.batch, kScale, kOffset, x.data(), actual_labels.data()); });

  std::vector<Sum> expected(size_t(c.batch) * kPixels);
  for (int row = 0; row < c.batch; row++) {
    const int position = std::min(c.step * c.batch_size + row, c.count - 1);
    const int example = c.ordered ? order[position] : position;
    const bool exists = c.step * c.batch_size + row < c.count;
    expected_labels[row] = exists && c.labelled ? labels[example] : -1;
    ImageChange change{false, 0, 0};
    if (c.augmented) change = source.augmentation.change(position);
    for (int pixel = 0; pixel < kPixels; pixel++) {
      const int y = pixel / 28 - change.dy, shifted = pixel % 28 - change.dx;
      const int x_from = change.mirrored ? 27 - shifted : shifted;
      const bool inside = y >= 0 && y < 28 && x_from >= 0 && x_from < 28;
      const int value = inside ? pixels[size_t(example) * kPixels + y * 28 + x_from] : 0;
      Sum& sum = expected[size_t(row) * kPixels + pixel];
      sum.add(double{kScale} * value);
      sum.add(kOffset);
    }
  }
  const auto* values = reinterpret_cast<const float*>(x.data());
  closeness_.expect(expected, {values, values + expected.size()}, "x");
  EXPECT_EQ(expected_labels, actual_labels);
}

// Address space for a dataset larger than 32 bits can count the quads of; one image is touched.
TEST_F(CudaKernels, GatherFromTheLargestDatasets) {
  for (const int count : {2'800'000, 11'000'000}) {
    const size_t bytes = size_t(count) * kPixels;
    void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) GTEST_SKIP() << "no address space for " << bytes << " bytes";
    auto* pixels = static_cast<uint8_t*>(memory);
    std::fill(pixels + bytes - kPixels, pixels + bytes, uint8_t{77});
    const int32_t last = count - 1;
    Source source{};
    source.pixels = pixels;
    source.order = &last;
    source.count = 1;
    source.batch_size = 1;
    std::vector<float4> x(kQuads);
    int32_t label;
    launch(kQuads, [&] { gather(&source, 1, 1, 0, x.data(), &label); });
    for (const float4& p : x) EXPECT_TRUE(p.x == 77 && p.y == 77 && p.z == 77 && p.w == 77);
    munmap(memory, bytes);
  }
}

TEST_F(CudaKernels, BiasActivation) {
  for (const int batch : {1, 3, 17}) {
    for (const int m : {1, 84, 120}) {
      for (const Activation activation : kActivations) {
        const std::vector<float> z = random(size_t(batch) * m, -4, 4), bias = random(m);
        std::vector<float> values = z;
        launch(batch * m, [&] {
          bias_activation(batch, m, static_cast<int>(activation), bias.data(), values.data());
        });
        std::vector<Sum> expected(values.size());
        for (size_t i = 0; i < values.size(); i++) {
          const double sum = double{z[i]} + bias[i % m];
          // No activation is steeper than 1.
          expected[i].add(activation_of(activation, sum), 1 + std::fabs(sum), 16);
        }
        closeness_.expect(expected, values, "values");
      }
    }
  }
}

TEST_F(CudaKernels, ANanGoesThroughEveryActivation) {
  for (const Activation activation : kActivations) {
    float value = std::nanf("");
    const float bias = 0;
    launch(1, [&] { bias_activation(1, 1, static_cast<int>(activation), &bias, &value); });
    EXPECT_TRUE(std::isnan(value));
  }
}

struct LossCase {
  int classes;
  float smoothing, range;
};

class Loss : public CudaKernels, public testing::WithParamInterface<LossCase> {
 protected:
  // What the kernels see as logits: the sum with the bias is rounded once.
  static std::vector<double> logits_of(const std::vector<float>& logits,
                                       const std::vector<float>& bias, int batch, int row) {
    std::vector<double> z;
    for (size_t c = 0; c < bias.size(); c++) z.push_back(logits[c * batch + row] + bias[c]);
    return z;
  }
};

INSTANTIATE_TEST_SUITE_P(, Loss,
                         testing::Values(LossCase{1, 0, 5}, LossCase{2, 0.1f, 5},
                                         LossCase{10, 0, 5}, LossCase{10, 0.3f, 5},
                                         LossCase{47, 0.1f, 1e4f}, LossCase{1024, 0, 1e4f}));

TEST_P(Loss, CrossEntropyAndItsGradient) {
  const auto [classes, smoothing, range] = GetParam();
  for (const int batch : kBatches) {
    const float scale = 1.0f / static_cast<float>(batch);
    const std::vector<float> before = random(size_t(classes) * batch, -range, range);
    const std::vector<float> bias = random(classes);
    std::vector<int32_t> labels = random_integers<int32_t>(batch, 0, classes - 1);
    if (batch > 1) labels.back() = -1;
    std::vector<float> logits = before, losses(batch), losses_alone(batch);
    std::vector<int32_t> correct(batch), expected_correct(batch);
    launch(batch, [&] {
      cross_entropy(batch, classes, smoothing, false, scale, labels.data(), bias.data(),
                    logits.data(), losses_alone.data(), correct.data());
    });
    EXPECT_EQ(before, logits);
    launch(batch, [&] {
      cross_entropy(batch, classes, smoothing, true, scale, labels.data(), bias.data(),
                    logits.data(), losses.data(), correct.data());
    });
    EXPECT_EQ(losses, losses_alone);

    std::vector<Sum> expected_losses(batch), expected_logits(logits.size());
    const double uniform = double{smoothing} / classes;
    for (int row = 0; row < batch; row++) {
      const std::vector<double> z = logits_of(before, bias, batch, row);
      const Softmax softmax(z);
      const int label = labels[row];
      expected_correct[row] = std::max_element(z.begin(), z.end()) - z.begin() == label;
      if (label >= 0) {
        Sum& loss = expected_losses[row];
        loss.add(std::log(softmax.sum), std::log(softmax.sum) + 1 + softmax.sum_error,
                 softmax.roundings());
        loss.add((1.0 - smoothing) * (softmax.peak - z[label]));
        for (double logit : z) loss.add(uniform * (softmax.peak - logit));
      }
      for (int c = 0; c < classes; c++) {
        Sum& d = expected_logits[size_t(c) * batch + row];
        d.add(softmax.probabilities[c] * scale, softmax.magnitude(c) * scale + kFloor,
              softmax.roundings());
        d.add(-uniform * scale);
        if (c == label) d.add(-(1.0 - smoothing) * scale);
      }
    }
    closeness_.expect(expected_losses, losses, "losses");
    closeness_.expect(expected_logits, logits, "gradient");
    EXPECT_EQ(expected_correct, correct);
  }
}

TEST_P(Loss, ClassRows) {
  const auto [classes, smoothing, range] = GetParam();
  for (const int batch : {1, 31, 130}) {
    const std::vector<float> logits = random(size_t(classes) * batch, -range, range);
    const std::vector<float> bias = random(classes);
    for (const bool softmax : {false, true}) {
      std::vector<float> rows(logits.size());
      launch(batch,
             [&] { class_rows(batch, classes, softmax, bias.data(), logits.data(), rows.data()); });
      std::vector<Sum> expected(rows.size());
      for (int row = 0; row < batch; row++) {
        const std::vector<double> z = logits_of(logits, bias, batch, row);
        const Softmax reference(z);
        for (int c = 0; c < classes; c++) {
          Sum& sum = expected[size_t(row) * classes + c];
          if (softmax) {
            sum.add(reference.probabilities[c], reference.magnitude(c) + kFloor,
                    reference.roundings());
          } else {
            sum.add(z[c], 0);
          }
        }
      }
      closeness_.expect(expected, rows, softmax ? "softmax" : "logits");
    }
  }
}

// As at the end of a long epoch over a large dataset: not a digit may be lost.
TEST_F(CudaKernels, MetricsOfAMiniBatchCountInFullAfterBillions) {
  for (const int batch : kBatches) {
    const std::vector<float> losses = random(batch, 0, 3);
    const std::vector<int32_t> correct = random_integers<int32_t>(batch, 0, 1);
    SlabMemory memory(10);
    Source source{};
    source.step = 41;
    const Sums before{3e9, int64_t{5} << 32};
    Sums sums = before;
    launch(kSlabs, [&] { sum_metrics(batch, losses.data(), correct.data(), memory.slabs()); });
    launch(1, [&] { finish_batch(memory.slabs(), &source, &sums); });
    const double loss = std::accumulate(losses.begin(), losses.end(), 0.0);
    EXPECT_NEAR(before.loss + loss, sums.loss, 1e-6);
    EXPECT_EQ(std::accumulate(correct.begin(), correct.end(), before.correct), sums.correct);
    EXPECT_EQ(42, source.step);
  }
}

TEST_F(CudaKernels, HeadBackward) {
  for (const int batch : kBatches) {
    for (const int classes : {1, 3, 10, 44, 47}) {
      for (const Activation activation : kActivations) {
        const std::vector<float> dlogits = random(size_t(classes) * batch);
        const std::vector<float> weight = random(size_t(classes) * kFc2);
        const std::vector<float> y = random(size_t(batch) * kFc2);
        const std::vector<float> losses = random(batch, 0, 3);
        const std::vector<int32_t> correct = random_integers<int32_t>(batch, 0, 1);
        std::vector<float> values = y;
        SlabMemory memory(classes);
        launch_blocks(kSlabs, (kFc2 + classes + 1 + 127) / 128 + 1, [&] {
          head_backward(batch, classes, static_cast<int>(activation), dlogits.data(), weight.data(),
                        losses.data(), correct.data(), values.data(), memory.slabs());
        });
        std::vector<Sum> expected(values.size()), expected_bias(kFc2 + classes);
        for (int row = 0; row < batch; row++) {
          for (int i = 0; i < kFc2; i++) {
            Sum d;
            for (int c = 0; c < classes; c++) {
              d.add(double{dlogits[c * batch + row]} * weight[c * kFc2 + i]);
            }
            const float a = y[row * kFc2 + i];
            const double value = d.value * derivative_of(activation, a);
            const double magnitude = d.magnitude * derivative_magnitude(activation, a);
            expected[row * kFc2 + i].add(value, magnitude, d.roundings + kDerivativeRoundings);
            expected_bias[i].add(value, magnitude, d.roundings + kDerivativeRoundings);
          }
          for (int c = 0; c < classes; c++) {
            expected_bias[kFc2 + c].add(dlogits[c * batch + row]);
          }
        }
        closeness_.expect(expected, values, "fc2");
        std::vector<float> bias;
        for (int i = 0; i < kFc2 + classes; i++) {
          bias.push_back(memory.total(kFixedBiases - kFc2 + i));
        }
        closeness_.expect(expected_bias, bias, "biases");
        EXPECT_NEAR(std::accumulate(losses.begin(), losses.end(), 0.0),
                    std::accumulate(memory.losses.begin(), memory.losses.end(), 0.0), 1e-9);
        EXPECT_EQ(std::accumulate(correct.begin(), correct.end(), 0),
                  std::accumulate(memory.correct.begin(), memory.correct.end(), 0));
      }
    }
  }
}

TEST_F(CudaKernels, Fc1Backward) {
  for (const int batch : kBatches) {
    for (const Activation activation : kActivations) {
      const std::vector<float> y = random(size_t(batch) * kFc1), before = random(y.size());
      std::vector<float> d = before, bias;
      SlabMemory memory(10);
      launch_blocks(kSlabs, 1, [&] {
        fc1_backward(batch, 10, static_cast<int>(activation), y.data(), d.data(), memory.slabs());
      });
      std::vector<Sum> expected(d.size()), expected_bias(kFc1);
      for (size_t i = 0; i < d.size(); i++) {
        const double value = before[i] * derivative_of(activation, y[i]);
        const double magnitude = std::fabs(before[i]) * derivative_magnitude(activation, y[i]);
        expected[i].add(value, magnitude, kDerivativeRoundings);
        expected_bias[i % kFc1].add(value, magnitude, kDerivativeRoundings);
      }
      for (int i = 0; i < kFc1; i++) bias.push_back(memory.total(kConvBiases + i));
      closeness_.expect(expected, d, "d");
      closeness_.expect(expected_bias, bias, "biases");
    }
  }
}

// Activations of few different values: most maxima have ties.
TEST_F(CudaKernels, PoolBackward) {
  for (const int batch : {1, 2, 5}) {
    for (const auto& [channels, size] : {std::pair{6, 28}, std::pair{16, 10}, std::pair{1, 2}}) {
      for (const Activation activation : kActivations) {
        for (const bool max : {false, true}) {
          const int half = size / 2;
          std::vector<float> y = random(size_t(batch) * channels * size * size, 0, 1);
          for (float& value : y) value = std::round(4 * value) / 4;
          const std::vector<float> dpooled = random(y.size() / 4);
          std::vector<float2> values(y.size() / 2);
          std::copy(y.begin(), y.end(), reinterpret_cast<float*>(values.data()));
          std::vector<float> parts(size_t(channels) * batch * half);
          launch(batch * channels * half, [&] {
            pool_backward(batch, channels, size, static_cast<int>(activation), max, dpooled.data(),
                          values.data(), parts.data());
          });
          std::vector<Sum> expected(y.size()), expected_bias(channels);
          for (size_t window = 0; window < dpooled.size(); window++) {
            const size_t plane = window / (half * half), in_plane = window % (half * half);
            const size_t first =
                plane * size * size + in_plane / half * 2 * size + in_plane % half * 2;
            const size_t at[] = {first, first + 1, first + size, first + size + 1};
            size_t best = at[0];
            for (size_t i : at) best = y[i] > y[best] ? i : best;
            for (size_t i : at) {
              const double share = max ? (i == best) : 0.25;
              const double d = share * dpooled[window];
              const double value = d * derivative_of(activation, y[i]);
              const double magnitude = std::fabs(d) * derivative_magnitude(activation, y[i]);
              expected[i].add(value, magnitude, kDerivativeRoundings);
              expected_bias[plane % channels].add(value, magnitude, kDerivativeRoundings);
            }
          }
          const auto* d = reinterpret_cast<const float*>(values.data());
          closeness_.expect(expected, {d, d + y.size()}, "d");
          std::vector<float> bias;
          for (int c = 0; c < channels; c++) {
            const auto part = parts.begin() + size_t(c) * batch * half;
            bias.push_back(std::accumulate(part, part + size_t(batch) * half, 0.0f));
          }
          closeness_.expect(expected_bias, bias, "biases");
        }
      }
    }
  }
}

TEST_F(CudaKernels, Reduce) {
  for (const int batch : {1, 5, 17}) {
    const int counts[] = {batch * 14, batch * 5};
    const std::vector<float> parts[] = {random(size_t(kConv1Channels) * counts[0]),
                                        random(size_t(kConv2Channels) * counts[1])};
    for (const int classes : {1, 10}) {
      SlabMemory memory(classes);
      Source source{};
      source.step = 6;
      // Twice: nothing is left of the first time.
      for (int time = 0; time < 2; time++) {
        launch(kConvBiases * kSlabs, [&] {
          reduce(classes, parts[0].data(), counts[0], parts[1].data(), counts[1],
                 memory.biases.data(), &source);
        });
      }
      EXPECT_EQ(8, source.step);
      std::vector<Sum> expected(kConvBiases);
      std::vector<float> bias;
      for (int i = 0; i < kConvBiases; i++) {
        const int conv = i < kConv1Channels ? 0 : 1;
        const int channel = conv == 0 ? i : i - kConv1Channels;
        for (int part = 0; part < counts[conv]; part++) {
          expected[i].add(parts[conv][channel * counts[conv] + part]);
        }
        expected[i].roundings += kSlabs;
        bias.push_back(memory.total(i));
      }
      closeness_.expect(expected, bias, "biases");
    }
  }
}

// The gradient that ends a step lies in two places: weights in the arena, biases in slabs.
class Finish : public CudaKernels, public testing::WithParamInterface<int> {
 protected:
  // Where biases lie in the arena, by PyTorch's order and shapes.
  std::vector<bool> bias_mask() const {
    std::vector<bool> mask;
    const auto tensor = [&mask](int size, bool bias) { mask.insert(mask.end(), size, bias); };
    tensor(150, false), tensor(6, true), tensor(2400, false), tensor(16, true);
    tensor(48000, false), tensor(120, true), tensor(10080, false), tensor(84, true);
    tensor(84 * classes(), false), tensor(classes(), true);
    return mask;
  }
  int classes() const { return GetParam(); }

  void SetUp() override {
    memory_.biases = random(memory_.biases.size());
    memory_.losses.assign(kSlabs, 0.5);
    memory_.correct.assign(kSlabs, 2);
    gradient_ = random(layout_.size);
    int bias = 0;
    const std::vector<bool> mask = bias_mask();
    ASSERT_EQ(mask.size(), gradient_.size());
    for (size_t i = 0; i < mask.size(); i++) {
      Sum sum;
      if (mask[i]) {
        for (int slab = 0; slab < kSlabs; slab++) {
          sum.add(memory_.biases[slab * memory_.row + bias], 1, 1);
        }
        bias++;
      } else {
        sum.add(gradient_[i], std::fabs(gradient_[i]), 0);
      }
      expected_gradient_.push_back(sum);
    }
  }

  const ParameterLayout layout_{GetParam()};
  SlabMemory memory_{GetParam()};
  std::vector<float> gradient_;
  std::vector<Sum> expected_gradient_;
};

INSTANTIATE_TEST_SUITE_P(Classes, Finish, testing::Values(1, 2, 10, 47));

TEST_P(Finish, Gradient) {
  Sums sums{100, 7};
  launch(layout_.size + 1,
         [&] { finish_gradient(layout_, memory_.slabs(), gradient_.data(), &sums); });
  closeness_.expect(expected_gradient_, gradient_, "gradient");
  EXPECT_EQ(100 + kSlabs * 0.5, sums.loss);
  EXPECT_EQ(7 + kSlabs * 2, sums.correct);
}

TEST_P(Finish, Update) {
  struct Step {
    float rate, momentum, weight_decay;
    bool nesterov;
  };
  for (const Step& step : {Step{0.3f, 0, 0, false}, Step{0.1f, 0, 0.05f, false},
                           Step{0.05f, 0.9f, 0.05f, false}, Step{0.05f, 0.9f, 0.05f, true}}) {
    // reduce() has counted the third step; its rate is the last.
    const std::vector<float> rates = {7, 8, step.rate};
    Source source{};
    source.rates = rates.data();
    source.step = 3;
    std::vector<float> velocities = random(layout_.size), parameters = random(layout_.size);
    std::vector<Sum> expected_v, expected_p;
    for (int i = 0; i < layout_.size; i++) {
      const SgdReference expected(step, expected_gradient_[i], velocities[i], parameters[i]);
      expected_v.push_back(expected.velocity);
      expected_p.push_back(expected.parameter);
    }
    const std::vector<float> gradient = gradient_;
    Sums sums{100, 7};
    launch(layout_.size + 1, [&] {
      update(layout_, {step.momentum, step.weight_decay, step.nesterov}, memory_.slabs(), &source,
             gradient.data(), velocities.data(), parameters.data(), &sums);
    });
    closeness_.expect(expected_v, velocities, "velocities");
    closeness_.expect(expected_p, parameters, "parameters");
    EXPECT_EQ(100 + kSlabs * 0.5, sums.loss);
    EXPECT_EQ(7 + kSlabs * 2, sums.correct);
    EXPECT_EQ(3, source.step);
  }
}

}  // namespace
}  // namespace lenet::cuda
