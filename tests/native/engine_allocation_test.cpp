// The engine takes its memory when it is made and when an epoch starts: steps, evaluation and
// prediction take none. Counts every call of the C library's allocation, of all threads.
#include <atomic>
#include <cstdlib>

#include "engine_fixture.h"

// Sanitizers have an allocator of their own.
#if defined(__GLIBC__) && !defined(LENET_SANITIZED)

namespace {
std::atomic<int> g_allocations{0};
}  // namespace

extern "C" {
void* __libc_malloc(size_t);
void* __libc_calloc(size_t, size_t);
void* __libc_realloc(void*, size_t);
void* __libc_memalign(size_t, size_t);

void* malloc(size_t size) noexcept {
  g_allocations++;
  return __libc_malloc(size);
}
void* calloc(size_t count, size_t size) noexcept {
  g_allocations++;
  return __libc_calloc(count, size);
}
void* realloc(void* p, size_t size) noexcept {
  g_allocations++;
  return __libc_realloc(p, size);
}
void* aligned_alloc(size_t alignment, size_t size) noexcept {
  g_allocations++;
  return __libc_memalign(alignment, size);
}
}

namespace lenet {
namespace {

class EngineAllocationTest : public testing::TestWithParam<std::string> {};

TEST_P(EngineAllocationTest, NothingWhileItWorks) {
  const Images images(300);
  for (int32_t threads : {1, 3}) {
    Config config;
    config.threads = threads;
    config.momentum = 0.9f;
    config.flip = true;
    config.shift = 2;
    const int before_engine = g_allocations;
    const auto engine = make_engine(config, GetParam());
    EXPECT_GT(g_allocations, before_engine) << "allocations are not counted";
    const int32_t dataset = images.add_to(*engine);
    std::vector<float> probabilities(images.count() * 10);
    // The last mini-batch is smaller.
    start_epoch(*engine, dataset, images.count(), 64);
    const int before = g_allocations;
    engine->run(2);
    engine->run(3);
    EXPECT_EQ(g_allocations, before) << "steps on " << threads << " threads";
    engine->evaluate(dataset);
    EXPECT_EQ(g_allocations, before) << "evaluation on " << threads << " threads";
    engine->predict(images.pixels.data(), images.count(), probabilities.data());
    engine->predict(images.pixels.data(), 1, probabilities.data());
    EXPECT_EQ(g_allocations, before) << "prediction on " << threads << " threads";
  }
}

LENET_FOR_EVERY_USABLE_ISA(EngineAllocationTest);

}  // namespace
}  // namespace lenet

#endif
