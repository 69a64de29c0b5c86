// Worker threads: every task once, sleep when idle, nothing of the caller's changed.
#include "cpu/thread_pool.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <iterator>
#include <numeric>
#include <thread>
#include <vector>

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace lenet {
namespace {

#if defined(LENET_SANITIZED)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

// Long enough for the workers to stop spinning and park.
void let_workers_park() { std::this_thread::sleep_for(std::chrono::milliseconds(20)); }

class ThreadPoolTest : public testing::TestWithParam<int> {};

TEST_P(ThreadPoolTest, EveryTaskRunsOnceAndIsVisible) {
  ThreadPool pool(GetParam());
  EXPECT_EQ(pool.threads(), GetParam());
  // Not atomic: the loop itself must make them visible, and ThreadSanitizer watches.
  std::vector<int> runs(100);
  for (int count : {0, 1, 2, 3, 7, 8, 9, 100}) {
    std::fill(runs.begin(), runs.end(), 0);
    pool.loop(count, [&](int task, int) { runs[task]++; });
    for (int i = 0; i < 100; i++) ASSERT_EQ(runs[i], i < count) << "task " << i << " of " << count;
  }
}

// Nothing but a few instructions between the loops, and sizes that go up: a worker that is late
// for one loop must not take tasks of the next. A task too many would also make a loop wait for
// ever.
TEST_P(ThreadPoolTest, ManyLoopsBackToBack) {
  constexpr int kSizes[] = {2, 3, 28, 8, 1, 16, 5, 64};
  const int rounds = kSanitized ? 2000 : 25000;
  ThreadPool pool(GetParam());
  std::array<std::atomic<int>, 64> runs{};
  for (int round = 0; round < rounds; round++) {
    for (int count : kSizes) {
      pool.loop(count, [&](int task, int) { runs[task].fetch_add(1, std::memory_order_relaxed); });
    }
  }
  for (int task = 0; task < 64; task++) {
    const auto larger = [&](int count) { return task < count; };
    const auto loops = std::count_if(std::begin(kSizes), std::end(kSizes), larger);
    EXPECT_EQ(runs[task], rounds * loops) << "task " << task;
  }
}

// Loops of two tasks leave the shares of more than two threads without any, until they look younger
// than the loop: nobody would run the tasks of a larger one.
TEST_P(ThreadPoolTest, SharesWithoutTasksDoNotAge) {
  ThreadPool pool(GetParam(), (1u << 31) - 10);
  for (int round = 0; round < 20; round++) {
    std::atomic<int> sum{0};
    pool.loop(2, [&](int task, int) { sum += task; });
    ASSERT_EQ(sum, 1);
  }
  std::atomic<int> sum{0};
  pool.loop(100, [&](int task, int) { sum += task; });
  EXPECT_EQ(sum, 4950);
}

TEST_P(ThreadPoolTest, ThreadNumbersAreTheirOwn) {
  ThreadPool pool(GetParam());
  std::vector<int> busy(GetParam());
  for (int i = 0; i < 100; i++) {
    pool.loop(50, [&](int, int thread) {
      ASSERT_GE(thread, 0);
      ASSERT_LT(thread, GetParam());
      // Two tasks at once under one number would be a data race.
      busy[thread]++;
    });
  }
  EXPECT_EQ(std::accumulate(busy.begin(), busy.end(), 0), 100 * 50);
}

// As many tasks as threads, each of which waits for all others to begin: a thread that is in one
// can take no other.
void expect_a_task_each(ThreadPool& pool) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  std::atomic<int> begun{0}, late{0}, strange{0};
  pool.loop(pool.threads(), [&](int task, int thread) {
    if (task != thread) strange++;
    begun++;
    while (begun < pool.threads() && late == 0) {
      if (std::chrono::steady_clock::now() > deadline) late++;
      std::this_thread::yield();
    }
  });
  EXPECT_EQ(late, 0);
  EXPECT_EQ(strange, 0) << "did not begin with their own task";
}

TEST_P(ThreadPoolTest, AThreadBeginsWithItsShare) {
  ThreadPool pool(GetParam());
  for (int i = 0; i < 20; i++) expect_a_task_each(pool);
}

TEST_P(ThreadPoolTest, RunsAloneForAsLongAsAsked) {
  ThreadPool pool(GetParam());
  const auto expect_alone = [&] { pool.loop(100, [](int, int thread) { EXPECT_EQ(thread, 0); }); };
  {
    ThreadPool::Alone alone(pool, true);
    expect_alone();
    ThreadPool::Alone nested(pool, false);
    expect_a_task_each(pool);
  }
  expect_a_task_each(pool);
}

TEST_P(ThreadPoolTest, WakesFromParking) {
  ThreadPool pool(GetParam());
  for (int i = 0; i < 3; i++) {
    let_workers_park();
    std::atomic<int> sum{0};
    pool.loop(100, [&](int task, int) { sum += task; });
    EXPECT_EQ(sum, 4950);
  }
}

TEST_P(ThreadPoolTest, IdleWorkersUseNoTime) {
  ThreadPool pool(GetParam());
  pool.loop(100, [](int, int) {});
  let_workers_park();
  const std::clock_t before = std::clock();
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  const double seconds = static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC;
  EXPECT_LT(seconds, 0.05);
}

TEST_P(ThreadPoolTest, EndsAtAnyTime) {
  for (int i = 0; i < 50; i++) {
    ThreadPool unused(GetParam());
  }
  for (int i = 0; i < 50; i++) {
    ThreadPool pool(GetParam());
    std::atomic<int> sum{0};
    pool.loop(20, [&](int task, int) { sum += task; });
    ASSERT_EQ(sum, 190);
  }
  ThreadPool parked(GetParam());
  let_workers_park();
}

TEST_P(ThreadPoolTest, CallerTakesItsSignalsAndWorkersNone) {
  sigset_t mask, before, after;
  sigemptyset(&mask);
  sigaddset(&mask, SIGUSR2);
  pthread_sigmask(SIG_SETMASK, &mask, &before);
  const pthread_t caller = pthread_self();
  std::atomic<int> open_workers{0};
  {
    ThreadPool pool(GetParam());
    pool.loop(100, [&](int, int) {
      sigset_t worker;
      pthread_sigmask(SIG_SETMASK, nullptr, &worker);
      if (!pthread_equal(pthread_self(), caller) && !sigismember(&worker, SIGTERM)) open_workers++;
    });
  }
  pthread_sigmask(SIG_SETMASK, &before, &after);
  EXPECT_EQ(open_workers, 0);
  EXPECT_TRUE(sigismember(&after, SIGUSR2));
  EXPECT_FALSE(sigismember(&after, SIGTERM));
}

#if defined(__x86_64__)
TEST_P(ThreadPoolTest, WorkersFlushDenormals) {
  const pthread_t caller = pthread_self();
  std::atomic<int> slow{0};
  ThreadPool pool(GetParam());
  pool.loop(100, [&](int, int) {
    const bool flushes = (_mm_getcsr() & 0x8040) == 0x8040;
    if (!pthread_equal(pthread_self(), caller) && !flushes) slow++;
  });
  EXPECT_EQ(slow, 0);
}
#endif

// More threads than cores among them.
INSTANTIATE_TEST_SUITE_P(Threads, ThreadPoolTest, testing::Values(1, 2, 3, 8),
                         testing::PrintToStringParamName());

// In a process of its own, as the limit on the address space, which the stacks exceed, stays.
[[noreturn]] void start_more_threads_than_fit() {
  const rlimit limit{size_t{1} << 28, size_t{1} << 28};
  setrlimit(RLIMIT_AS, &limit);
  try {
    ThreadPool pool(1024);
  } catch (const std::exception& e) {
    ThreadPool still_works(2);
    std::fprintf(stderr, "%s", e.what());
    std::exit(0);
  }
  std::exit(1);
}

TEST(ThreadPoolFailure, SaysWhichThreadCouldNotStart) {
  if (kSanitized) GTEST_SKIP() << "sanitizers need the address space that this test takes away";
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(start_more_threads_than_fit(), testing::ExitedWithCode(0),
              "cannot start thread [0-9]+ of 1024: .*; use fewer threads");
}

}  // namespace
}  // namespace lenet
