// Softmax and cross-entropy, where the allowance follows the error through exp and log.
#include <limits>

#include "kernel_test.h"
#include "softmax.h"

namespace lenet {
namespace {

constexpr int kClasses[] = {1, 2, 10, 47, 1024};

class LossTest : public KernelTest {
 protected:
  std::vector<double> logits_of(Guarded<float>& logits, int classes, size_t lane) {
    std::vector<double> z(classes);
    for (int c = 0; c < classes; c++) z[c] = logits[c * lanes() + lane];
    return z;
  }

  // Compares losses, hits and gradients of `count` images.
  void check(int classes, int count, float smoothing, float range) {
    SCOPED_TRACE(testing::Message() << classes << " classes, " << count << " images, smoothing "
                                    << smoothing << ", logits up to " << range);
    const size_t L = lanes();
    Guarded<float> logits(classes * L), d(classes * L), losses(count);
    Guarded<uint8_t> correct(count);
    Guarded<int32_t> labels(count);
    const float scale = 1.0f / 256;
    logits = random(logits.size(), -range, range);
    d = random(d.size());
    for (int i = 0; i < count; i++) labels[i] = random_int(0, classes - 1);
    const std::vector<float> logits_before = logits.values();

    kernels().cross_entropy(logits.get(), classes, labels.get(), count, smoothing, scale,
                            losses.get(), correct.get(), d.get());

    EXPECT_EQ(logits.values(), logits_before);
    std::vector<Sum> expected_losses(count), expected_d(d.size());
    const double uniform = double{smoothing} / classes;
    for (int i = 0; i < count; i++) {
      const std::vector<double> z = logits_of(logits, classes, i);
      const Softmax softmax(z);
      Sum& loss = expected_losses[i];
      loss.add(softmax.peak);
      // The relative error of the sum becomes an absolute one of its logarithm.
      loss.add(std::log(softmax.sum), std::log(softmax.sum) + 1 + softmax.sum_error,
               softmax.roundings());
      loss.add(-(1.0 - smoothing) * z[labels[i]]);
      for (double logit : z) loss.add(-uniform * logit);
      EXPECT_EQ(correct[i], std::max_element(z.begin(), z.end()) - z.begin() == labels[i]);
      for (int c = 0; c < classes; c++) {
        Sum& sum = expected_d[c * L + i];
        const double p = softmax.probabilities[c] * scale;
        sum.add(p, softmax.magnitude(c) * scale + kFloor, softmax.roundings());
        sum.add(-uniform * scale);
        if (c == labels[i]) sum.add(-(1.0 - smoothing) * scale);
      }
    }
    closeness_.expect(expected_losses, losses.values(), "losses");
    // Nothing is allowed in the padding.
    closeness_.expect(expected_d, d.values(), "d");

    Guarded<float> losses_alone(count);
    kernels().cross_entropy(logits.get(), classes, labels.get(), count, smoothing, scale,
                            losses_alone.get(), correct.get(), nullptr);
    EXPECT_EQ(losses_alone.values(), losses.values());
  }
};

TEST_P(LossTest, CrossEntropyOfAnyCount) {
  for (int classes : kClasses) {
    for (int count = 1; count <= kernels().lanes; count++) check(classes, count, 0, 5);
  }
}

TEST_P(LossTest, CrossEntropyWithSmoothing) {
  for (int classes : kClasses) {
    for (float smoothing : {0.05f, 0.5f, 0.99f}) check(classes, kernels().lanes, smoothing, 5);
  }
}

TEST_P(LossTest, CrossEntropyOfHugeLogits) {
  for (int classes : kClasses) {
    check(classes, kernels().lanes, 0, 1e4f);
    check(classes, kernels().lanes, 0.1f, 1e4f);
  }
}

TEST_P(LossTest, FirstOfEqualClassesWins) {
  const size_t L = lanes();
  for (int classes : {2, 10, 47}) {
    Guarded<float> logits(classes * L), losses(L);
    Guarded<uint8_t> correct(L);
    logits = std::vector<float>(logits.size(), 0.25f);
    for (int label = 0; label < classes; label++) {
      const std::vector<int32_t> labels(L, label);
      kernels().cross_entropy(logits.get(), classes, labels.data(), kernels().lanes, 0, 1,
                              losses.get(), correct.get(), nullptr);
      EXPECT_EQ(correct.values(), std::vector<uint8_t>(L, label == 0)) << "label " << label;
    }
  }
}

TEST_P(LossTest, NanComesThrough) {
  const size_t L = lanes();
  Guarded<float> logits(10 * L), d(10 * L), losses(L);
  Guarded<uint8_t> correct(L);
  const std::vector<int32_t> labels(L, 3);
  for (int bad : {0, 3, 9}) {
    logits = random(logits.size());
    logits[bad * L + 1] = std::numeric_limits<float>::quiet_NaN();
    kernels().cross_entropy(logits.get(), 10, labels.data(), kernels().lanes, 0, 1, losses.get(),
                            correct.get(), d.get());
    for (size_t lane = 0; lane < L; lane++) {
      EXPECT_EQ(std::isnan(losses[lane]), lane == 1) << "loss " << lane;
      for (int c = 0; c < 10; c++) EXPECT_EQ(std::isnan(d[c * L + lane]), lane == 1) << "d " << c;
    }
  }
}

TEST_P(LossTest, Softmax) {
  const size_t L = lanes();
  for (int classes : kClasses) {
    for (float range : {5.0f, 1e4f}) {
      SCOPED_TRACE(testing::Message() << classes << " classes, logits up to " << range);
      Guarded<float> values(classes * L);
      values = random(values.size(), -range, range);
      std::vector<Sum> expected(values.size());
      for (size_t lane = 0; lane < L; lane++) {
        const Softmax softmax(logits_of(values, classes, lane));
        for (int c = 0; c < classes; c++) {
          const double p = softmax.probabilities[c];
          expected[c * L + lane].add(p, softmax.magnitude(c) + kFloor, softmax.roundings());
        }
      }
      kernels().softmax(classes, values.get());
      closeness_.expect(expected, values.values(), "probabilities");
    }
  }
}

LENET_FOR_EVERY_ISA(LossTest);

}  // namespace
}  // namespace lenet
