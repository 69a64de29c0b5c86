package org.lenet4j.report;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Threads for a server whose clients may be slow or hostile. There are only so many, and a task for
 * which none is free is refused. Who gets nowhere for too long is interrupted, which closes the
 * channel that it waits for.
 */
final class Watchdog extends ThreadPoolExecutor {
  private final long patienceNanos;

  /** When each thread that works began, or was last seen to get on. */
  private final Map<Thread, Long> seen = new ConcurrentHashMap<>();

  private final Thread guard = new Thread(this::guard, "lenet4j-live-guard");

  Watchdog(int threads, long patienceNanos) {
    super(
        0,
        threads,
        10,
        TimeUnit.SECONDS,
        new SynchronousQueue<>(),
        task -> {
          Thread thread = new Thread(task, "lenet4j-live");
          thread.setDaemon(true);
          return thread;
        });
    this.patienceNanos = patienceNanos;
    guard.setDaemon(true);
    guard.start();
  }

  /** Says that the current thread gets on. */
  void touch() {
    seen.replace(Thread.currentThread(), System.nanoTime());
  }

  @Override
  protected void beforeExecute(Thread thread, Runnable task) {
    seen.put(thread, System.nanoTime());
  }

  @Override
  protected void afterExecute(Runnable task, Throwable thrown) {
    // Computing is atomic here and in the guard: no interrupt hits a thread's next task.
    seen.remove(Thread.currentThread());
  }

  private void guard() {
    try {
      while (!isShutdown()) {
        TimeUnit.NANOSECONDS.sleep(patienceNanos / 10);
        for (Thread thread : seen.keySet()) {
          seen.computeIfPresent(thread, this::interruptIfLate);
        }
      }
    } catch (InterruptedException e) {
      // The end.
    }
  }

  private Long interruptIfLate(Thread thread, Long since) {
    long now = System.nanoTime();
    if (now - since < patienceNanos) {
      return since;
    }
    thread.interrupt();
    return now;
  }

  @Override
  protected void terminated() {
    guard.interrupt();
  }
}
