// Persistent workers for loops of independent tasks. Every thread has its share of a loop's tasks,
// the same ones whenever the loop comes again, so that it finds in its own cache what it left
// there; who is done early takes from the others' shares. So which thread runs which task varies,
// and tasks must not depend on it; a loop ends when its tasks are done, whether or not every worker
// woke up for it, so more threads than cores cost little.
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
  // The calling thread is one of `threads`. For tests: as if `loops` had gone by, in which no share
  // had a task.
  explicit ThreadPool(int threads, uint32_t loops = 0);
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

  int threads() const { return static_cast<int>(shares_.size()); }

  // Runs body(task, thread) for every task from 0 to count - 1, thread from 0 to threads() - 1;
  // the body must not throw. Memory that the tasks wrote is visible afterwards. One loop at a
  // time, from one thread at a time. A thread's share are neighbours, taken in ascending order.
  template <class Body>
  void loop(int count, Body&& body) {
    using Plain = std::remove_reference_t<Body>;
    run(count, &body,
        [](void* context, int task, int thread) { (*static_cast<Plain*>(context))(task, thread); });
  }

 private:
  using Function = void (*)(void* context, int task, int thread);

  // A thread's share of a loop: the loop's number in the upper half, its tasks not yet taken in the
  // lower. Of an earlier loop: nobody has taken any task yet. On a cache line of its own.
  struct alignas(64) Share {
    std::atomic<uint64_t> ticket{0};
  };

  void run(int count, void* context, Function function);
  int work(uint64_t loop, int thread);
  int take_share(uint64_t loop, int share, int thread);
  void worker_main(int thread);
  void stop();

  // The number of the last loop in the upper half, its tasks in the lower.
  alignas(64) std::atomic<uint64_t> loop_{0};
  void* context_ = nullptr;
  Function function_ = nullptr;
  alignas(64) std::atomic<uint32_t> done_{0};
  std::vector<Share> shares_;

  int spins_;
  bool alone_ = false;
  std::atomic<int> sleepers_{0};
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<std::thread> workers_;
};

}  // namespace lenet
