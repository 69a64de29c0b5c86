// Persistent workers for loops of independent tasks. Which thread runs which task varies, so tasks
// must not depend on it; a loop ends when its tasks are done, whether or not every worker woke up
// for it, so more threads than cores cost little.
//
// Between loops a worker polls for a while before it sleeps, as waking it takes longer than the
// pause between two loops; not if there are more threads than processors.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <type_traits>
#include <vector>

namespace lenet {

class ThreadPool {
 public:
  // The calling thread is one of `threads`.
  explicit ThreadPool(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  // While it lives and `alone` is true, loops run on the calling thread alone: for loops so short
  // that the others would come too late.
  class Alone {
   public:
    Alone(ThreadPool& pool, bool alone) : pool_(pool), before_(pool.alone_) { pool.alone_ = alone; }
    ~Alone() { pool_.alone_ = before_; }
    Alone(const Alone&) = delete;
    Alone& operator=(const Alone&) = delete;

   private:
    ThreadPool& pool_;
    bool before_;
  };

  int threads() const { return static_cast<int>(workers_.size()) + 1; }

  // Runs body(task, thread) for every task from 0 to count - 1, thread from 0 to threads() - 1;
  // the body must not throw. Memory that the tasks wrote is visible afterwards. One loop at a
  // time, from one thread at a time.
  template <class Body>
  void loop(int count, Body&& body) {
    using Plain = std::remove_reference_t<Body>;
    run(count, &body,
        [](void* context, int task, int thread) { (*static_cast<Plain*>(context))(task, thread); });
  }

 private:
  using Function = void (*)(void* context, int task, int thread);

  void run(int count, void* context, Function function);
  void work(int thread);
  void worker_main(int thread);
  void stop();

  // The loop's number in the upper half, its tasks not yet taken in the lower. The lower half alone
  // tells that a loop has no task left: what is stored below may already be the next loop's.
  std::atomic<uint64_t> ticket_{0};
  std::atomic<void*> context_{nullptr};
  std::atomic<Function> function_{nullptr};
  std::atomic<uint32_t> count_{0};
  std::atomic<uint32_t> done_{0};

  int spins_;
  bool alone_ = false;
  std::atomic<int> sleepers_{0};
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<std::thread> workers_;
};

}  // namespace lenet
