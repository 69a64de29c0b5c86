package org.lenet4j.cli;

import java.util.concurrent.CountDownLatch;

/**
 * Ctrl-C and the like while a training is on: the JVM's end waits until {@link #close} so that the
 * training can finish its step and save. The JVM then exits as shells expect: with 130 after
 * Ctrl-C, with 143 after SIGTERM.
 */
final class Interruption implements AutoCloseable {
  private final CountDownLatch finished = new CountDownLatch(1);
  private final Thread hook = new Thread(this::hold, "lenet4j-interruption");
  private volatile boolean requested;

  Interruption() {
    Runtime.getRuntime().addShutdownHook(hook);
  }

  /** Whether the JVM is about to end. */
  boolean requested() {
    return requested;
  }

  private void hold() {
    requested = true;
    try {
      finished.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    finished.countDown();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // It is under way.
    }
  }
}
