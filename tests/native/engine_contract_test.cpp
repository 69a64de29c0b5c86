// lenet::Engine as its header has it: every wrong argument is a clear lenet::Error that leaves the
// engine as it was.
#include <algorithm>
#include <functional>
#include <limits>

#include "engine_fixture.h"

namespace lenet {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

TEST(EngineCreation, RefusesWrongConfigurations) {
  struct Wrong {
    const char* part;
    std::function<void(Config&)> change;
  };
  const Wrong wrongs[] = {
      {"classes must be 1 to 1024, was 0", [](Config& c) { c.classes = 0; }},
      {"classes must be 1 to 1024, was 1025", [](Config& c) { c.classes = 1025; }},
      {"unknown activation", [](Config& c) { c.activation = static_cast<Activation>(3); }},
      {"unknown activation", [](Config& c) { c.activation = static_cast<Activation>(-1); }},
      {"unknown pooling", [](Config& c) { c.pooling = static_cast<Pooling>(2); }},
      {"input scale and offset", [](Config& c) { c.input_scale = kInfinity; }},
      {"input scale and offset", [](Config& c) { c.input_offset = kNan; }},
      {"momentum", [](Config& c) { c.momentum = 1; }},
      {"momentum", [](Config& c) { c.momentum = -0.1f; }},
      {"momentum", [](Config& c) { c.momentum = kNan; }},
      {"nesterov needs a momentum", [](Config& c) { c.nesterov = true; }},
      {"weight decay", [](Config& c) { c.weight_decay = -1; }},
      {"weight decay", [](Config& c) { c.weight_decay = kInfinity; }},
      {"label smoothing", [](Config& c) { c.label_smoothing = 1; }},
      {"label smoothing", [](Config& c) { c.label_smoothing = kNan; }},
      {"shift must be 0 to 27", [](Config& c) { c.shift = 28; }},
      {"shift must be 0 to 27", [](Config& c) { c.shift = -1; }},
      {"threads must be 1 to 1024, was 0", [](Config& c) { c.threads = 0; }},
      {"threads must be 1 to 1024, was 1025", [](Config& c) { c.threads = 1025; }},
  };
  for (const Wrong& wrong : wrongs) {
    Config config;
    wrong.change(config);
    expect_error(wrong.part, [&] { Engine::create("cpu", "", config); });
  }
}

TEST(EngineCreation, RefusesUnknownDevices) {
  const Config config;
  expect_error("device must not be null", [&] { Engine::create(nullptr, "", config); });
  expect_error("isa must not be null", [&] { Engine::create("cpu", nullptr, config); });
  expect_error("no engine for device 'tpu'", [&] { Engine::create("tpu", "", config); });
  expect_error("unknown instruction set 'mmx'; it can run: " + cpu_instruction_sets(),
               [&] { Engine::create("cpu", "mmx", config); });
}

TEST(EngineCreation, DescribesItself) {
  const std::string best = cpu_instruction_sets().substr(0, cpu_instruction_sets().find(' '));
  Config config;
  EXPECT_EQ(make_engine(config)->description(), "cpu (1 thread, " + best + ")");
  config.threads = 3;
  EXPECT_EQ(make_engine(config)->description(), "cpu (3 threads, " + best + ")");
}

TEST(EngineCreation, CountsParameters) {
  for (int32_t classes : {1, 10, 1024}) {
    Config config;
    config.classes = classes;
    EXPECT_EQ(make_engine(config)->parameter_count(), 61706 + (classes - 10) * 85);
  }
}

class EngineContractTest : public testing::Test {
 protected:
  // The error, and then that the engine still trains from where it was.
  void expect_refusal(const std::string& part, const std::function<void()>& call) {
    const std::vector<float> parameters = parameters_of(*engine_);
    const int32_t done = engine_->batches_done();
    expect_error(part, call);
    EXPECT_EQ(engine_->batches_done(), done) << part;
    EXPECT_EQ(parameters_of(*engine_), parameters) << part;
  }

  Images images_{50};
  std::unique_ptr<Engine> engine_ = make_engine();
  int32_t dataset_ = images_.add_to(*engine_);
  std::vector<int32_t> order_ = order_of(50);
  std::vector<float> rates_ = std::vector<float>(5, 0.1f);
  std::vector<float> gradient_ = std::vector<float>(engine_->parameter_count());
};

TEST_F(EngineContractTest, RefusesWrongDatasets) {
  const uint8_t* pixels = images_.pixels.data();
  const int32_t* labels = images_.labels.data();
  const int32_t negative[] = {3, -1}, large[] = {10, 3};
  expect_refusal("pixels must not be null", [&] { engine_->add_dataset(nullptr, labels, 50); });
  expect_refusal("labels must not be null", [&] { engine_->add_dataset(pixels, nullptr, 50); });
  expect_refusal("was 0", [&] { engine_->add_dataset(pixels, labels, 0); });
  expect_refusal("was 2147483647", [&] { engine_->add_dataset(pixels, labels, INT32_MAX); });
  expect_refusal("label -1 of example 1", [&] { engine_->add_dataset(pixels, negative, 2); });
  expect_refusal("label 10 of example 0", [&] { engine_->add_dataset(pixels, large, 2); });
  expect_refusal("no dataset 99", [&] { engine_->remove_dataset(99); });
  expect_refusal("no dataset -1", [&] { engine_->evaluate(-1); });
}

TEST_F(EngineContractTest, RefusesWrongEpochs) {
  start_epoch(*engine_, dataset_, 50, 10);
  engine_->run(2);
  const int32_t* order = order_.data();
  const float* rates = rates_.data();
  const int32_t negative[] = {-1}, large[] = {0, 50};
  const float no_rate[] = {0.1f, kNan};
  auto start = [&](int32_t dataset, int32_t epoch, const int32_t* indices, int32_t count,
                   int32_t batch, const float* learning_rates) {
    return [=] { engine_->start_epoch(dataset, epoch, indices, count, batch, learning_rates); };
  };
  expect_refusal("no dataset 7", start(7, 0, order, 50, 10, rates));
  expect_refusal("epoch must not be negative", start(dataset_, -1, order, 50, 10, rates));
  expect_refusal("indices must not be null", start(dataset_, 0, nullptr, 50, 10, rates));
  expect_refusal("at least one example", start(dataset_, 0, order, 0, 10, rates));
  expect_refusal("batch size must be at least 1, was 0", start(dataset_, 0, order, 50, 0, rates));
  expect_refusal("learning_rates must not be null", start(dataset_, 0, order, 50, 10, nullptr));
  expect_refusal("index -1 is outside", start(dataset_, 0, negative, 1, 1, rates));
  expect_refusal("index 50 is outside the dataset's 50", start(dataset_, 0, large, 2, 1, rates));
  expect_refusal("learning rates must be finite", start(dataset_, 0, order, 2, 1, no_rate));
  engine_->run(3);
  EXPECT_EQ(engine_->take_metrics().count, 50);
}

TEST_F(EngineContractTest, RefusesToRunBeyondTheEpoch) {
  expect_refusal("needs start_epoch() first", [&] { engine_->run(1); });
  start_epoch(*engine_, dataset_, 50, 20);
  engine_->run(1);
  expect_refusal("has 2 mini-batches left, 3 were asked for", [&] { engine_->run(3); });
  expect_refusal("-1 were asked for", [&] { engine_->run(-1); });
  expect_refusal("0 to the epoch's 3, was 4", [&] { engine_->set_batches_done(4); });
  expect_refusal("was -1", [&] { engine_->set_batches_done(-1); });
  engine_->run(0);
  engine_->run(2);
  expect_refusal("has 0 mini-batches left", [&] { engine_->run(1); });
  engine_->end_epoch();
  expect_refusal("needs start_epoch() first", [&] { engine_->run(0); });
}

TEST_F(EngineContractTest, RefusesWrongArguments) {
  const uint8_t* pixels = images_.pixels.data();
  const int32_t outside[] = {50};
  float* out = gradient_.data();
  const auto unknown = static_cast<Layer>(12);
  expect_refusal("no dataset 5", [&] { engine_->gradients(5, order_.data(), 50, out); });
  expect_refusal("index 50", [&] { engine_->gradients(dataset_, outside, 1, out); });
  expect_refusal("at least one example",
                 [&] { engine_->gradients(dataset_, order_.data(), 0, out); });
  expect_refusal("gradient must not be null",
                 [&] { engine_->gradients(dataset_, order_.data(), 1, nullptr); });
  expect_refusal("unknown layer", [&] { engine_->layer_output(unknown, pixels, 1, out); });
  expect_refusal("images must not", [&] { engine_->layer_output(Layer::FC3, nullptr, 1, out); });
  expect_refusal("output must not", [&] { engine_->layer_output(Layer::FC3, pixels, 1, nullptr); });
  expect_refusal("at least one image", [&] { engine_->layer_output(Layer::FC3, pixels, 0, out); });
  expect_refusal("images must not be null", [&] { engine_->predict(nullptr, 1, out); });
  expect_refusal("probabilities must not be", [&] { engine_->predict(pixels, 1, nullptr); });
  expect_refusal("at least one image", [&] { engine_->predict(pixels, -1, out); });
  expect_refusal("parameters must not", [&] { engine_->read_parameters(nullptr); });
  expect_refusal("parameters must not", [&] { engine_->write_parameters(nullptr); });
  expect_refusal("velocities must not", [&] { engine_->read_velocities(nullptr); });
  expect_refusal("velocities must not", [&] { engine_->write_velocities(nullptr); });
}

TEST_F(EngineContractTest, DatasetsComeAndGo) {
  const int32_t second = Images(20).add_to(*engine_);
  EXPECT_NE(second, dataset_);
  EXPECT_EQ(engine_->evaluate(second).count, 20);
  engine_->remove_dataset(dataset_);
  EXPECT_EQ(engine_->evaluate(second).count, 20);
  expect_refusal("no dataset " + std::to_string(dataset_), [&] { engine_->evaluate(dataset_); });
  expect_refusal("no dataset", [&] { engine_->remove_dataset(dataset_); });
  const int32_t third = Images(30).add_to(*engine_);
  EXPECT_NE(third, second);
  EXPECT_EQ(engine_->evaluate(third).count, 30);
}

TEST_F(EngineContractTest, TheEpochEndsWithItsDataset) {
  const int32_t other = Images(20).add_to(*engine_);
  start_epoch(*engine_, dataset_, 50, 10);
  engine_->run(1);
  engine_->remove_dataset(other);
  engine_->run(1);
  engine_->remove_dataset(dataset_);
  EXPECT_EQ(engine_->batches_done(), 0);
  expect_refusal("needs start_epoch() first", [&] { engine_->run(1); });
}

TEST_F(EngineContractTest, TheDatasetIsACopy) {
  const Metrics before = engine_->evaluate(dataset_);
  std::fill(images_.pixels.begin(), images_.pixels.end(), uint8_t{0});
  EXPECT_EQ(engine_->evaluate(dataset_).loss_sum, before.loss_sum);
}

TEST_F(EngineContractTest, MetricsAreTakenAndSet) {
  start_epoch(*engine_, dataset_, 50, 20);
  engine_->run(2);
  EXPECT_EQ(engine_->metrics().count, 40);
  const Metrics taken = engine_->take_metrics();
  EXPECT_EQ(taken.count, 40);
  EXPECT_GT(taken.loss_sum, 0);
  EXPECT_EQ(engine_->metrics().count, 0);
  engine_->set_metrics(taken);
  engine_->run(1);
  EXPECT_EQ(engine_->metrics().count, 50);
  EXPECT_GT(engine_->metrics().loss_sum, taken.loss_sum);
}

TEST_F(EngineContractTest, GradientsLeaveTheTrainingAlone) {
  start_epoch(*engine_, dataset_, 50, 20);
  engine_->run(1);
  const std::vector<float> parameters = parameters_of(*engine_);
  const Metrics metrics = engine_->metrics();
  EXPECT_GT(engine_->gradients(dataset_, order_.data(), 50, gradient_.data()), 0);
  EXPECT_EQ(parameters_of(*engine_), parameters);
  EXPECT_EQ(engine_->batches_done(), 1);
  EXPECT_EQ(engine_->metrics().count, metrics.count);
}

TEST_F(EngineContractTest, PredictsProbabilities) {
  std::vector<float> probabilities(50 * 10);
  engine_->predict(images_.pixels.data(), 50, probabilities.data());
  for (int i = 0; i < 50; i++) {
    const float* p = &probabilities[i * 10];
    EXPECT_NEAR(std::accumulate(p, p + 10, 0.0), 1, 10 * 0x1p-23) << "image " << i;
  }
}

}  // namespace
}  // namespace lenet
