#include "cpu/thread_pool.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>

#include <stdexcept>
#include <string>
#include <system_error>

#include "cpu/floating_point_mode.h"

namespace lenet {
namespace {

// Polls before a worker parks or a waiting caller yields: some 20 microseconds, more than lies
// between two loops of a training step, less than anyone would notice.
constexpr int kSpins = 2000;

// Loops from one renewal of all shares' numbers to the next.
constexpr uint32_t kRenewal = 1u << 30;

// Those that this process may run on; 0 if there are too many to tell.
int usable_processors() {
  cpu_set_t set;
  return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 0;
}

void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

// Of a loop or of a share.
uint32_t number_of(uint64_t loop) { return static_cast<uint32_t>(loop >> 32); }
uint32_t tasks_of(uint64_t loop) { return static_cast<uint32_t>(loop); }
uint64_t with_tasks(uint64_t loop, uint32_t tasks) { return loop >> 32 << 32 | tasks; }

// Signals are the host program's business: new threads start with all of them blocked.
class BlockSignals {
 public:
  BlockSignals() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &saved_);
  }
  ~BlockSignals() { pthread_sigmask(SIG_SETMASK, &saved_, nullptr); }

 private:
  sigset_t saved_;
};

}  // namespace

ThreadPool::ThreadPool(int threads, uint32_t loops)
    : loop_(uint64_t{loops} << 32), shares_(threads) {
  // With more threads than processors, who polls takes the place of one who has work.
  const int processors = usable_processors();
  spins_ = processors > 0 && threads > processors ? 0 : kSpins;
  BlockSignals block;
  workers_.reserve(threads - 1);
  try {
    for (int i = 1; i < threads; i++) {
      workers_.emplace_back([this, i] { worker_main(i); });
    }
  } catch (const std::system_error& e) {
    stop();
    throw std::runtime_error("cannot start thread " + std::to_string(workers_.size() + 2) + " of " +
                             std::to_string(threads) + ": " + e.what() + "; use fewer threads");
  } catch (...) {
    stop();
    throw;
  }
}

ThreadPool::~ThreadPool() { stop(); }

void ThreadPool::stop() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void ThreadPool::run(int count, void* context, Function function) {
  if (workers_.empty() || count <= 1 || alone_) {
    for (int task = 0; task < count; task++) function(context, task, 0);
    return;
  }
  context_ = context;
  function_ = function;
  done_.store(0, std::memory_order_relaxed);
  const uint32_t number = number_of(loop_.load(std::memory_order_relaxed)) + 1;
  if (number % kRenewal == 0) {
    // A share without a task keeps its number; half a round later it would look younger than the
    // loop. Who is late for an earlier loop finds nothing here: its tasks have all been taken.
    for (Share& share : shares_) share.ticket = uint64_t{number - 1} << 32;
  }
  const uint64_t loop = uint64_t{number} << 32 | uint64_t(count);
  loop_.store(loop);
  if (sleepers_.load() > 0) {
    // The lock orders this after a worker's last look at the loop before it sleeps.
    std::lock_guard<std::mutex> lock(mutex_);
    wake_.notify_all();
  }
  done_.fetch_add(work(loop, 0), std::memory_order_release);
  for (int spins = 0; done_.load(std::memory_order_acquire) != static_cast<uint32_t>(count);) {
    if (++spins < spins_) {
      relax();
    } else {
      std::this_thread::yield();
    }
  }
}

// The thread's own share first; returns how many tasks it ran.
int ThreadPool::work(uint64_t loop, int thread) {
  int done = 0;
  for (int i = 0; i < threads(); i++) done += take_share(loop, (thread + i) % threads(), thread);
  return done;
}

int ThreadPool::take_share(uint64_t loop, int share, int thread) {
  const uint64_t count = tasks_of(loop);
  const int first = static_cast<int>(count * share / threads());
  const int last = static_cast<int>(count * (share + 1) / threads());
  std::atomic<uint64_t>& shared = shares_[share].ticket;
  int done = 0;
  for (uint64_t ticket = shared.load(std::memory_order_acquire);;) {
    const int32_t age = static_cast<int32_t>(number_of(loop) - number_of(ticket));
    // Younger: this thread is late, and the loop has ended without it.
    const int left = age > 0 ? last - first : age == 0 ? static_cast<int>(tasks_of(ticket)) : 0;
    if (left == 0) return done;
    if (shared.compare_exchange_weak(ticket, with_tasks(loop, left - 1), std::memory_order_acq_rel,
                                     std::memory_order_acquire)) {
      // Only now is it sure that the loop has not ended, and context and function are its own.
      function_(context_, last - left, thread);
      done++;
      ticket = shared.load(std::memory_order_acquire);
    }
  }
}

void ThreadPool::worker_main(int thread) {
  FlushDenormals mode;
  uint64_t seen = 0;
  for (;;) {
    uint64_t loop;
    for (int spins = 0; (loop = loop_.load(std::memory_order_acquire)) == seen; spins++) {
      if (stopping_.load(std::memory_order_relaxed)) return;
      if (spins < spins_) {
        relax();
        continue;
      }
      std::unique_lock<std::mutex> lock(mutex_);
      sleepers_++;
      wake_.wait(lock, [&] { return stopping_ || loop_.load() != seen; });
      sleepers_--;
    }
    seen = loop;
    const int done = work(loop, thread);
    // Who came too late must leave the next loop's count alone.
    if (done > 0) done_.fetch_add(done, std::memory_order_release);
  }
}

}  // namespace lenet
