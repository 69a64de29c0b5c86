// Native memory: all of it comes back, and too little of it is an error like any other.
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>

#include "engine_fixture.h"

namespace lenet {
namespace {

TEST(EngineMemory, IsCountedAndComesBack) {
  const int64_t before = native_bytes();
  const Images images(100);
  {
    auto engine = make_engine();
    const int64_t engine_alone = native_bytes();
    EXPECT_GT(engine_alone, before + 3 * engine->parameter_count() * int64_t{sizeof(float)});
    const int32_t dataset = images.add_to(*engine);
    EXPECT_EQ(native_bytes(), engine_alone + 100 * (kImagePixels + int64_t{sizeof(int32_t)}));
    std::vector<float> output(100 * 120);
    engine->layer_output(Layer::FC1, images.pixels.data(), 100, output.data());
    engine->remove_dataset(dataset);
    EXPECT_EQ(native_bytes(), engine_alone);
    EXPECT_THROW(engine->evaluate(dataset), Error);
    images.add_to(*engine);
  }
  EXPECT_EQ(native_bytes(), before);
}

#if !defined(LENET_SANITIZED)  // Sanitizers need the address space.

// No more than `bytes` beyond what this process has mapped, for as long as this lives.
class AddressSpaceLimit {
 public:
  explicit AddressSpaceLimit(rlim_t bytes) {
    getrlimit(RLIMIT_AS, &saved_);
    rlim_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    const rlimit limit{pages * sysconf(_SC_PAGESIZE) + bytes, saved_.rlim_max};
    setrlimit(RLIMIT_AS, &limit);
  }
  ~AddressSpaceLimit() { setrlimit(RLIMIT_AS, &saved_); }

 private:
  rlimit saved_;
};

TEST(EngineMemory, TooLargeADatasetIsAnErrorAndTheEngineGoesOn) {
  constexpr int32_t kCount = 600000;
  constexpr size_t kBytes = size_t{kCount} * kImagePixels;
  auto engine = make_engine();
  const int32_t dataset = Images(20).add_to(*engine);
  const int64_t before = native_bytes();
  // Zeros that take no memory until they are written.
  void* pixels = mmap(nullptr, kBytes, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(pixels, MAP_FAILED);
  const std::vector<int32_t> labels(kCount);
  {
    const AddressSpaceLimit limit(kBytes / 2);
    try {
      engine->add_dataset(static_cast<const uint8_t*>(pixels), labels.data(), kCount);
      ADD_FAILURE() << "half the memory was enough";
    } catch (const Error& e) {
      EXPECT_NE(std::string(e.what()).find("out of native memory"), std::string::npos) << e.what();
    }
  }
  munmap(pixels, kBytes);
  EXPECT_EQ(native_bytes(), before);
  EXPECT_EQ(engine->evaluate(dataset).count, 20);
  EXPECT_THROW(engine->evaluate(dataset + 1), Error);
}

#endif

}  // namespace
}  // namespace lenet
