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

uint32_t loop_of(uint64_t ticket) { return static_cast<uint32_t>(ticket >> 32); }
uint32_t left_of(uint64_t ticket) { return static_cast<uint32_t>(ticket); }

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

ThreadPool::ThreadPool(int threads) {
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
                             std::to_string(threads) + ": " + e.what());
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
  context_.store(context, std::memory_order_relaxed);
  function_.store(function, std::memory_order_relaxed);
  count_.store(count, std::memory_order_relaxed);
  done_.store(0, std::memory_order_relaxed);
  uint64_t next_loop = uint64_t{loop_of(ticket_.load(std::memory_order_relaxed)) + 1} << 32;
  ticket_.store(next_loop | static_cast<uint32_t>(count));
  if (sleepers_.load() > 0) {
    // The lock orders this after a worker's last look at the ticket before it sleeps.
    std::lock_guard<std::mutex> lock(mutex_);
    wake_.notify_all();
  }
  work(0);
  for (int spins = 0; done_.load(std::memory_order_acquire) != static_cast<uint32_t>(count);) {
    if (++spins < spins_) {
      relax();
    } else {
      std::this_thread::yield();
    }
  }
}

void ThreadPool::work(int thread) {
  uint64_t ticket = ticket_.load(std::memory_order_acquire);
  while (left_of(ticket) > 0) {
    uint32_t count = count_.load(std::memory_order_relaxed);
    void* context = context_.load(std::memory_order_relaxed);
    Function function = function_.load(std::memory_order_relaxed);
    // Success proves that the ticket's loop was unfinished, so what was read above belongs to it.
    if (ticket_.compare_exchange_weak(ticket, ticket - 1, std::memory_order_acq_rel,
                                      std::memory_order_acquire)) {
      function(context, static_cast<int>(count - left_of(ticket)), thread);
      done_.fetch_add(1, std::memory_order_release);
      ticket = ticket_.load(std::memory_order_acquire);
    }
  }
}

void ThreadPool::worker_main(int thread) {
  FlushDenormals mode;
  uint32_t seen = 0;
  for (;;) {
    for (int spins = 0; loop_of(ticket_.load(std::memory_order_acquire)) == seen; spins++) {
      if (stopping_.load(std::memory_order_relaxed)) return;
      if (spins < spins_) {
        relax();
        continue;
      }
      std::unique_lock<std::mutex> lock(mutex_);
      sleepers_++;
      wake_.wait(lock, [&] { return stopping_ || loop_of(ticket_.load()) != seen; });
      sleepers_--;
    }
    seen = loop_of(ticket_.load(std::memory_order_acquire));
    work(thread);
  }
}

}  // namespace lenet
