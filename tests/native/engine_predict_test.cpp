// Prediction of any number of images, whichever path they take.
#include <algorithm>

#include "engine_fixture.h"

namespace lenet {
namespace {

// Probabilities are at most 1; the square roots of the fan-ins and the activations' units in the
// last place add up to about 80 roundings along a path, and both sides have theirs.
constexpr double kAllowance = 160 * 0x1p-24;

class EnginePredictTest : public testing::TestWithParam<std::string> {
 protected:
  static std::vector<float> predict(Engine& engine, const Images& images, int32_t count) {
    std::vector<float> probabilities(size_t(count) * 10);
    engine.predict(images.pixels.data(), count, probabilities.data());
    return probabilities;
  }

  // An image alone, and as the first of a tile.
  static void expect_agreement(Engine& engine, const Images& images, const std::string& when) {
    const std::vector<float> alone = predict(engine, images, 1);
    const std::vector<float> tiled = predict(engine, images, 64);
    for (int c = 0; c < 10; c++) EXPECT_NEAR(alone[c], tiled[c], kAllowance) << when;
  }

  std::unique_ptr<Engine> engine(int32_t threads = 1) {
    Config config;
    config.threads = threads;
    return make_engine(config, GetParam());
  }

  const Images images_{64};
};

TEST_P(EnginePredictTest, EveryNumberOfImages) {
  const auto engine = this->engine(2);
  const std::vector<float> all = predict(*engine, images_, 64);
  for (int32_t count = 1; count <= 64; count++) {
    const std::vector<float> some = predict(*engine, images_, count);
    for (size_t i = 0; i < some.size(); i++) {
      ASSERT_NEAR(some[i], all[i], kAllowance) << count << " images, image " << i / 10;
    }
  }
}

TEST_P(EnginePredictTest, TheSameBitsForAnyNumberOfThreads) {
  const auto one = engine(1);
  const auto three = engine(3);
  for (int32_t count : {1, 2, 7, 16, 17, 33, 64}) {
    const std::vector<float> expected = predict(*one, images_, count);
    EXPECT_EQ(predict(*three, images_, count), expected) << count;
    EXPECT_EQ(predict(*one, images_, count), expected) << count;
  }
}

TEST_P(EnginePredictTest, FollowsTheParameters) {
  const auto engine = this->engine();
  const std::vector<float> before = predict(*engine, images_, 1);
  const int32_t dataset = images_.add_to(*engine);
  start_epoch(*engine, dataset, 64, 16, 0.9f);
  engine->run(4);
  EXPECT_NE(predict(*engine, images_, 1), before);
  expect_agreement(*engine, images_, "after training");
  std::vector<float> parameters = parameters_of(*engine);
  std::reverse(parameters.begin(), parameters.end());
  engine->write_parameters(parameters.data());
  expect_agreement(*engine, images_, "after new parameters");
}

LENET_FOR_EVERY_USABLE_ISA(EnginePredictTest);

}  // namespace
}  // namespace lenet
