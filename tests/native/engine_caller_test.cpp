// What belongs to the calling thread stays as it was: floating point mode, signal mask and
// processors.
#include <pthread.h>
#include <sched.h>
#include <signal.h>

#include <functional>

#include "engine_fixture.h"

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace lenet {
namespace {

// Without the flags that tell which exceptions there were.
uint64_t floating_point_mode() {
#if defined(__x86_64__)
  return _mm_getcsr() & 0xffc0;
#else
  uint64_t mode;
  __asm__ volatile("mrs %0, fpcr" : "=r"(mode));
  return mode;
#endif
}

bool blocks(int signal) {
  sigset_t mask;
  pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  return sigismember(&mask, signal) == 1;
}

cpu_set_t affinity() {
  cpu_set_t processors;
  CPU_ZERO(&processors);
  EXPECT_EQ(pthread_getaffinity_np(pthread_self(), sizeof processors, &processors), 0);
  return processors;
}

class EngineCallerTest : public testing::TestWithParam<int> {
 protected:
  EngineCallerTest() { config_.threads = GetParam(); }

  // Every call that computes.
  void expect_unchanged(const std::function<void(const char* call)>& check) {
    auto engine = make_engine(config_);
    check("create");
    const int32_t dataset = images_.add_to(*engine);
    check("add_dataset");
    start_epoch(*engine, dataset, 100, 32);
    check("start_epoch");
    engine->run(2);
    check("run");
    engine->evaluate(dataset);
    check("evaluate");
    std::vector<float> output(100 * 120), gradient(engine->parameter_count());
    engine->predict(images_.pixels.data(), 100, output.data());
    check("predict");
    engine->layer_output(Layer::FC1, images_.pixels.data(), 100, output.data());
    check("layer_output");
    engine->gradients(dataset, order_of(100).data(), 100, gradient.data());
    check("gradients");
    EXPECT_THROW(engine->run(100), Error);
    check("a refused run");
    engine.reset();
    check("destruction");
  }

  Images images_{100};
  Config config_;
};

TEST_P(EngineCallerTest, KeepsTheProcessors) {
  const cpu_set_t before = affinity();
  expect_unchanged([&](const char* call) {
    const cpu_set_t now = affinity();
    EXPECT_TRUE(CPU_EQUAL(&now, &before)) << call;
  });
}

TEST_P(EngineCallerTest, KeepsTheFloatingPointMode) {
  const uint64_t before = floating_point_mode();
  expect_unchanged([&](const char* call) { EXPECT_EQ(floating_point_mode(), before) << call; });
}

#if defined(__x86_64__)
TEST_P(EngineCallerTest, KeepsAnUnusualFloatingPointMode) {
  const unsigned usual = _mm_getcsr();
  // Rounding towards zero, denormals flushed.
  const unsigned unusual = 0x1f80 | 0x6000 | 0x8000;
  expect_unchanged([&](const char* call) {
    const uint64_t expected = std::string(call) == "create" ? usual & 0xffc0 : unusual;
    EXPECT_EQ(floating_point_mode(), expected) << call;
    _mm_setcsr(unusual);
  });
  _mm_setcsr(usual);
}
#endif

TEST_P(EngineCallerTest, KeepsTheSignalMask) {
  sigset_t mask, usual;
  sigemptyset(&mask);
  sigaddset(&mask, SIGUSR2);
  pthread_sigmask(SIG_BLOCK, &mask, &usual);
  expect_unchanged([](const char* call) {
    EXPECT_TRUE(blocks(SIGUSR2)) << call;
    EXPECT_FALSE(blocks(SIGTERM)) << call;
    EXPECT_FALSE(blocks(SIGUSR1)) << call;
  });
  pthread_sigmask(SIG_SETMASK, &usual, nullptr);
}

INSTANTIATE_TEST_SUITE_P(Threads, EngineCallerTest, testing::Values(1, 2, 8),
                         testing::PrintToStringParamName());

}  // namespace
}  // namespace lenet
