package org.lenet4j.engine;

import java.lang.System.Logger.Level;
import java.lang.ref.Cleaner;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Native memory behind a Java object: counted while it lives and freed once. If the object was
 * forgotten, that is done, with a warning, some time after it became unreachable.
 */
final class NativeResource implements AutoCloseable {
  private static final Cleaner CLEANER = Cleaner.create();
  private static final AtomicInteger LIVE = new AtomicInteger();

  /** What is freed. It must not refer to its owner, which would then never become unreachable. */
  private static final class Memory implements Runnable {
    private final String name;
    private final Runnable free;
    private volatile boolean closed;

    Memory(String name, Runnable free) {
      this.name = name;
      this.free = free;
    }

    @Override
    public void run() {
      if (!closed) {
        System.getLogger(NativeResource.class.getName())
            .log(
                Level.WARNING,
                "{0} was never closed and is only now freed: open it in a try statement, or close it",
                name);
      }
      free.run();
      LIVE.decrementAndGet();
    }
  }

  private final Memory memory;
  private final Cleaner.Cleanable cleanable;

  /**
   * Begins to watch over an object.
   *
   * @param name for the warning
   * @param free frees the memory; must not refer to the owner
   */
  NativeResource(Object owner, String name, Runnable free) {
    memory = new Memory(name, free);
    LIVE.incrementAndGet();
    cleanable = CLEANER.register(owner, memory);
  }

  /** How many there are that have not been freed. */
  static int live() {
    return LIVE.get();
  }

  @Override
  public void close() {
    memory.closed = true;
    cleanable.clean();
  }
}
