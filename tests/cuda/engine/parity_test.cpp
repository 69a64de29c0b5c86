// The cuda engine beside the cpu engine, in the whole contract; the Java tests compare both with
// the reference.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "core/layout.h"
#include "cuda_fixture.h"

namespace lenet {
namespace {

// Rounding errors of both engines, of sums over up to some thousand terms.
constexpr double kSmooth = 2e-5;
// With ReLU and maximum pooling one rounding error can send a single gradient another way.
constexpr double kKinked = 5e-3;

double tolerance(const Config& config) {
  return config.activation == Activation::RELU || config.pooling == Pooling::MAX ? kKinked
                                                                                 : kSmooth;
}

// |actual - expected| <= tolerance |expected|, as vectors.
void expect_near(const std::vector<float>& actual, const std::vector<float>& expected,
                 double tolerance, const std::string& what) {
  ASSERT_EQ(actual.size(), expected.size());
  double difference = 0, size = 0;
  for (size_t i = 0; i < actual.size(); i++) {
    const double d = static_cast<double>(actual[i]) - expected[i];
    difference += d * d;
    size += static_cast<double>(expected[i]) * expected[i];
  }
  EXPECT_LE(std::sqrt(difference), tolerance * std::sqrt(size)) << what;
}

// Tensor by tensor, so that no large one hides a small one.
void expect_arenas_near(const std::vector<float>& actual, const std::vector<float>& expected,
                        int32_t classes, double tolerance, const std::string& what) {
  const ParameterLayout layout(classes);
  const int ends[] = {layout.conv1_bias, layout.conv2_weight, layout.conv2_bias, layout.fc1_weight,
                      layout.fc1_bias,   layout.fc2_weight,   layout.fc2_bias,   layout.fc3_weight,
                      layout.fc3_bias,   layout.size};
  int first = 0;
  for (int end : ends) {
    expect_near({actual.begin() + first, actual.begin() + end},
                {expected.begin() + first, expected.begin() + end}, tolerance,
                what + ", parameters from " + std::to_string(first));
    first = end;
  }
}

struct Pair {
  std::unique_ptr<Engine> cuda, cpu;

  explicit Pair(const Config& config) : cuda(make_cuda_engine(config)), cpu(make_engine(config)) {}
  std::array<Engine*, 2> both() const { return {cuda.get(), cpu.get()}; }
};

class Variants : public CudaEngineTest,
                 public testing::WithParamInterface<std::tuple<Activation, Pooling>> {
 protected:
  static Config config() {
    Config config;
    config.activation = std::get<0>(GetParam());
    config.pooling = std::get<1>(GetParam());
    config.input_scale = 0.02f;
    config.input_offset = -0.6f;
    return config;
  }
};

INSTANTIATE_TEST_SUITE_P(, Variants,
                         testing::Combine(testing::Values(Activation::SIGMOID, Activation::TANH,
                                                          Activation::RELU),
                                          testing::Values(Pooling::AVG, Pooling::MAX)));

TEST_P(Variants, GradientsOfAnyBatchSize) {
  const Images images(40);
  const Pair engines(config());
  for (Engine* engine : engines.both()) images.add_to(*engine);
  std::vector<float> cuda(engines.cuda->parameter_count()), cpu(cuda.size());
  // Down and up again: what is left of a larger mini-batch must not matter.
  for (int32_t batch : {1, 40, 3, 17, 40}) {
    const std::vector<int32_t> order = order_of(batch);
    const double loss = engines.cuda->gradients(0, order.data(), batch, cuda.data());
    EXPECT_NEAR(loss, engines.cpu->gradients(0, order.data(), batch, cpu.data()), 1e-5);
    expect_arenas_near(cuda, cpu, 10, tolerance(config()), "batch " + std::to_string(batch));
  }
}

TEST_P(Variants, EveryLayer) {
  const Images images(9);
  const Pair engines(config());
  for (int layer = 0; layer <= static_cast<int>(Layer::FC3); layer++) {
    const size_t values = size_t{9} * layer_size(static_cast<Layer>(layer), 10);
    std::vector<float> cuda(values), cpu(values);
    engines.cuda->layer_output(static_cast<Layer>(layer), images.pixels.data(), 9, cuda.data());
    engines.cpu->layer_output(static_cast<Layer>(layer), images.pixels.data(), 9, cpu.data());
    expect_near(cuda, cpu, kSmooth, "layer " + std::to_string(layer));
  }
}

TEST_P(Variants, TrainingWithAllOfSgd) {
  Config all = config();
  all.momentum = 0.9f;
  all.nesterov = true;
  all.weight_decay = 0.01f;
  all.label_smoothing = 0.1f;
  all.flip = true;
  all.shift = 2;
  all.seed = 5;
  const Images images(40);
  const Pair engines(all);
  for (Engine* engine : engines.both()) {
    images.add_to(*engine);
    for (int32_t epoch = 0; epoch < 2; epoch++) {
      const float rates[] = {0.01f, 0.03f, 0.02f * static_cast<float>(1 + epoch)};
      engine->start_epoch(0, epoch, order_of(40).data(), 40, 17, rates);
      engine->run(1);
      engine->run(2);
    }
  }
  expect_arenas_near(parameters_of(*engines.cuda), parameters_of(*engines.cpu), 10, tolerance(all),
                     "parameters");
  expect_arenas_near(velocities_of(*engines.cuda), velocities_of(*engines.cpu), 10,
                     10 * tolerance(all), "velocities");
  const Metrics cuda = engines.cuda->take_metrics(), cpu = engines.cpu->take_metrics();
  EXPECT_EQ(80, cuda.count);
  EXPECT_EQ(cpu.correct, cuda.correct);
  EXPECT_NEAR(cpu.loss_sum, cuda.loss_sum, 80 * tolerance(all));
  EXPECT_EQ(0, engines.cuda->metrics().count);
  EXPECT_EQ(0, engines.cuda->metrics().loss_sum);
}

using CudaParity = CudaEngineTest;

TEST_F(CudaParity, AnyNumberOfClasses) {
  for (int32_t classes : {1, 2, 11, 129, 1024}) {
    Config config;
    config.classes = classes;
    config.label_smoothing = 0.2f;
    const Images images(7, classes);
    const Pair engines(config);
    std::vector<float> cuda(engines.cuda->parameter_count()), cpu(cuda.size());
    for (Engine* engine : engines.both()) images.add_to(*engine);
    const std::vector<int32_t> order = order_of(7);
    const double loss = engines.cuda->gradients(0, order.data(), 7, cuda.data());
    EXPECT_NEAR(loss, engines.cpu->gradients(0, order.data(), 7, cpu.data()), 1e-5);
    if (classes == 1) continue;  // Its gradient is zero but for rounding.
    expect_arenas_near(cuda, cpu, classes, kSmooth, std::to_string(classes) + " classes");
    std::vector<float> cuda_p(size_t{7} * classes), cpu_p(cuda_p.size());
    engines.cuda->predict(images.pixels.data(), 7, cuda_p.data());
    engines.cpu->predict(images.pixels.data(), 7, cpu_p.data());
    expect_near(cuda_p, cpu_p, kSmooth, "probabilities");
  }
}

// More images than go through the network at a time, and a tail.
TEST_F(CudaParity, EvaluationAndPredictionInChunks) {
  constexpr int32_t kCount = 1024 + 76;
  const Images images(kCount);
  const Pair engines{Config()};
  for (Engine* engine : engines.both()) images.add_to(*engine);
  const Metrics cuda = engines.cuda->evaluate(0), cpu = engines.cpu->evaluate(0);
  EXPECT_EQ(kCount, cuda.count);
  EXPECT_EQ(cpu.correct, cuda.correct);
  EXPECT_NEAR(cpu.loss_sum, cuda.loss_sum, kCount * 1e-6);
  std::vector<float> cuda_p(size_t{kCount} * 10), cpu_p(cuda_p.size());
  engines.cuda->predict(images.pixels.data(), kCount, cuda_p.data());
  engines.cpu->predict(images.pixels.data(), kCount, cpu_p.data());
  expect_near(cuda_p, cpu_p, kSmooth, "probabilities");
}

// Evaluating, predicting and looking at gradients between steps changes nothing, and the datasets
// do not mix.
TEST_F(CudaParity, TrainingIsNotDisturbed) {
  const Images images(40), others(23);
  std::vector<float> undisturbed;
  for (bool disturb : {false, true}) {
    const auto engine = make_cuda_engine();
    const int32_t first = images.add_to(*engine), second = others.add_to(*engine);
    std::vector<float> gradient(engine->parameter_count()), probabilities(size_t{23} * 10);
    for (int epoch = 0; epoch < 2; epoch++) {
      start_epoch(*engine, first, 40, 17, 0.2f);
      for (int step = 0; step < 3; step++) {
        engine->run(1);
        if (!disturb) continue;
        engine->evaluate(second);
        engine->gradients(second, order_of(23).data(), 23, gradient.data());
        engine->predict(others.pixels.data(), 23, probabilities.data());
        engine->layer_output(Layer::FC1, others.pixels.data(), 1, gradient.data());
      }
    }
    if (disturb) {
      EXPECT_EQ(undisturbed, parameters_of(*engine));
    } else {
      undisturbed = parameters_of(*engine);
    }
  }
}

std::vector<float> train(const Config& config, const char* device) {
  const Images images(40);
  const auto engine = make_cuda_engine(config, device);
  images.add_to(*engine);
  for (int32_t batch_size : {17, 8, 17}) {
    start_epoch(*engine, 0, 40, batch_size, 0.1f * static_cast<float>(batch_size));
    engine->run((40 + batch_size - 1) / batch_size);
  }
  return parameters_of(*engine);
}

TEST_F(CudaParity, GraphsDevicesAndTheOrderOfThreadsDoNotMatter) {
  Config eager;
  eager.cuda_graph = false;
  const std::vector<float> expected = train(Config(), "cuda:0");
  EXPECT_EQ(expected, train(eager, "cuda:0"));
  EXPECT_EQ(expected, train(Config(), "cuda:1"));
  for (const char* order : {"reverse", "shuffle:3"}) {
    lenet_emu_set("LENET_EMU_ORDER", order);
    EXPECT_EQ(expected, train(Config(), "cuda:0")) << order;
  }
  lenet_emu_set("LENET_EMU_ORDER", nullptr);
}

TEST_F(CudaParity, EnginesShareNothing) {
  const std::vector<float> expected = train(Config(), "cuda:0");
  const Images images(40);
  const auto one = make_cuda_engine(), other = make_cuda_engine(Config(), "cuda:1");
  for (Engine* engine : {one.get(), other.get()}) images.add_to(*engine);
  for (int32_t batch_size : {17, 8, 17}) {
    for (Engine* engine : {one.get(), other.get()}) {
      start_epoch(*engine, 0, 40, batch_size, 0.1f * static_cast<float>(batch_size));
    }
    for (int32_t step = 0; step < (40 + batch_size - 1) / batch_size; step++) {
      for (Engine* engine : {one.get(), other.get()}) engine->run(1);
    }
  }
  EXPECT_EQ(expected, parameters_of(*one));
  EXPECT_EQ(expected, parameters_of(*other));
}

TEST_F(CudaParity, AnEpochGoesOnFromAnyPosition) {
  const Images images(40);
  const auto whole = make_cuda_engine(), resumed = make_cuda_engine(Config(), "cuda:1");
  for (Engine* engine : {whole.get(), resumed.get()}) {
    images.add_to(*engine);
    start_epoch(*engine, 0, 40, 17, 0.3f);
  }
  whole->run(1);
  resumed->write_parameters(parameters_of(*whole).data());
  resumed->write_velocities(velocities_of(*whole).data());
  resumed->set_batches_done(1);
  resumed->set_metrics(whole->metrics());
  for (Engine* engine : {whole.get(), resumed.get()}) engine->run(2);
  EXPECT_EQ(parameters_of(*whole), parameters_of(*resumed));
  EXPECT_EQ(whole->metrics().loss_sum, resumed->metrics().loss_sum);
  EXPECT_EQ(40, resumed->metrics().count);
}

}  // namespace
}  // namespace lenet
