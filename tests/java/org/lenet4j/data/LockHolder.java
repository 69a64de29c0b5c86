package org.lenet4j.data;

import java.io.IOException;
import java.nio.file.Path;
import org.lenet4j.io.DirectoryLock;

/** Run as a process of its own: holds the lock of the directory it is given until it is killed. */
final class LockHolder {
  private LockHolder() {}

  @SuppressWarnings("try") // the lock is held, not used
  public static void main(String[] args) throws IOException {
    try (DirectoryLock lock = DirectoryLock.acquire(Path.of(args[0]))) {
      System.out.println("locked");
      System.in.read();
    }
  }
}
