// The same bits for any number of threads, in any chunking of the calls, whatever the caller's
// floating point mode.
#include <algorithm>
#include <cfenv>
#include <cmath>

#include "engine_fixture.h"

namespace lenet {
namespace {

Config modern_config(int32_t threads) {
  Config config;
  config.activation = Activation::RELU;
  config.pooling = Pooling::MAX;
  config.momentum = 0.9f;
  config.nesterov = true;
  config.weight_decay = 5e-4f;
  config.label_smoothing = 0.05f;
  config.threads = threads;
  return config;
}

struct Outcome {
  std::vector<float> parameters, velocities, gradient, probabilities;
  Metrics training, evaluation;
  double loss;

  bool operator==(const Outcome& other) const {
    return parameters == other.parameters && velocities == other.velocities &&
           gradient == other.gradient && probabilities == other.probabilities &&
           training.loss_sum == other.training.loss_sum &&
           training.correct == other.training.correct &&
           evaluation.loss_sum == other.evaluation.loss_sum &&
           evaluation.correct == other.evaluation.correct && loss == other.loss;
  }
};

// Everything that an engine computes, with a last mini-batch that fills no tile.
Outcome outcome_of(Engine& engine, const Images& images, int32_t batch_size) {
  const int32_t dataset = images.add_to(engine);
  Outcome outcome;
  start_epoch(engine, dataset, images.count(), batch_size, 0.02f);
  engine.run((images.count() + batch_size - 1) / batch_size);
  outcome.training = engine.take_metrics();
  outcome.evaluation = engine.evaluate(dataset);
  outcome.parameters = parameters_of(engine);
  outcome.velocities = velocities_of(engine);
  outcome.gradient.resize(engine.parameter_count());
  outcome.loss = engine.gradients(dataset, order_of(images.count()).data(), images.count(),
                                  outcome.gradient.data());
  outcome.probabilities.resize(images.count() * 10);
  engine.predict(images.pixels.data(), images.count(), outcome.probabilities.data());
  return outcome;
}

class EngineReproducibilityTest : public testing::TestWithParam<std::string> {};

TEST_P(EngineReproducibilityTest, SameBitsForAnyNumberOfThreads) {
  const Images images(300);
  const Outcome expected = outcome_of(*make_engine(modern_config(1), GetParam()), images, 128);
  for (float parameter : expected.parameters) ASSERT_TRUE(std::isfinite(parameter));
  for (int32_t threads : {2, 3, 5, 8}) {
    auto engine = make_engine(modern_config(threads), GetParam());
    EXPECT_TRUE(outcome_of(*engine, images, 128) == expected) << threads << " threads";
  }
}

// A mini-batch of more images than are kept for the dense layers at a time.
TEST_P(EngineReproducibilityTest, SameBitsBeyondOneChunk) {
  const Images images(1024 + 17);
  const Outcome expected = outcome_of(*make_engine(modern_config(1), GetParam()), images, 2000);
  EXPECT_EQ(expected.training.count, 1024 + 17);
  EXPECT_EQ(expected.evaluation.count, 1024 + 17);
  auto engine = make_engine(modern_config(3), GetParam());
  EXPECT_TRUE(outcome_of(*engine, images, 2000) == expected);
}

// The mean over all images is the mean of the parts, weighted.
TEST_P(EngineReproducibilityTest, ChunksAddUp) {
  const Images images(1024 + 17);
  auto engine = make_engine(Config(), GetParam());
  const int32_t dataset = images.add_to(*engine);
  const std::vector<int32_t> order = order_of(images.count());
  const size_t n = engine->parameter_count();
  std::vector<float> whole(n), part(n);
  std::vector<double> sum(n);
  const double loss = engine->gradients(dataset, order.data(), images.count(), whole.data());
  double loss_sum = 0;
  for (int32_t first = 0; first < images.count(); first += 100) {
    const int32_t count = std::min(100, images.count() - first);
    loss_sum += count * engine->gradients(dataset, &order[first], count, part.data());
    for (size_t i = 0; i < n; i++) sum[i] += double{part[i]} * count / images.count();
  }
  EXPECT_NEAR(loss, loss_sum / images.count(), 1041 * 0x1p-24 * loss);
  // Elements cancel to near nothing, so the scale of an error is the largest element.
  double largest = 0;
  for (double element : sum) largest = std::fmax(largest, std::fabs(element));
  for (size_t i = 0; i < n; i++) {
    ASSERT_NEAR(whole[i], sum[i], std::sqrt(1041) * 0x1p-24 * largest) << "parameter " << i;
  }
}

TEST_P(EngineReproducibilityTest, SameBitsForManyShortCalls) {
  const Images images(100);
  auto once = make_engine(modern_config(2), GetParam());
  auto often = make_engine(modern_config(2), GetParam());
  start_epoch(*once, images.add_to(*once), 100, 17);
  start_epoch(*often, images.add_to(*often), 100, 17);
  once->run(6);
  for (int i = 0; i < 6; i++) often->run(1);
  EXPECT_EQ(parameters_of(*once), parameters_of(*often));
  EXPECT_EQ(once->metrics().loss_sum, often->metrics().loss_sum);
}

TEST_P(EngineReproducibilityTest, SameBitsAfterResuming) {
  const Images images(100);
  auto whole = make_engine(modern_config(2), GetParam());
  start_epoch(*whole, images.add_to(*whole), 100, 17);
  whole->run(3);
  auto resumed = make_engine(modern_config(3), GetParam());
  resumed->write_parameters(parameters_of(*whole).data());
  resumed->write_velocities(velocities_of(*whole).data());
  resumed->set_metrics(whole->metrics());
  start_epoch(*resumed, images.add_to(*resumed), 100, 17);
  resumed->set_batches_done(3);
  whole->run(3);
  resumed->run(3);
  EXPECT_EQ(parameters_of(*whole), parameters_of(*resumed));
  EXPECT_EQ(velocities_of(*whole), velocities_of(*resumed));
  EXPECT_EQ(whole->metrics().loss_sum, resumed->metrics().loss_sum);
}

TEST_P(EngineReproducibilityTest, SameBitsInAnyRoundingMode) {
  const Images images(100);
  auto usual = make_engine(modern_config(2), GetParam());
  auto upward = make_engine(modern_config(2), GetParam());
  const std::vector<float> start = random_parameters(*usual);
  std::fesetround(FE_UPWARD);
  upward->write_parameters(start.data());
  const Outcome outcome = outcome_of(*upward, images, 17);
  std::fesetround(FE_TONEAREST);
  EXPECT_TRUE(outcome == outcome_of(*usual, images, 17));
}

LENET_FOR_EVERY_USABLE_ISA(EngineReproducibilityTest);

}  // namespace
}  // namespace lenet
