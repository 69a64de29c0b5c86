package org.lenet4j.data;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.lenet4j.LeNetException;

/**
 * Lets one thread of one process at a time download into a directory. The lock dies with its
 * process; the empty file {@code .lock} stays, since deleting it could split the lock in two.
 */
final class DirectoryLock implements AutoCloseable {
  private static final int POLL_MILLIS = 50;

  private final Path file;
  private final FileChannel channel;

  private DirectoryLock(Path file, FileChannel channel) {
    this.file = file;
    this.channel = channel;
  }

  /** Waits until the directory is free. */
  static DirectoryLock acquire(Path directory) {
    Path file = directory.resolve(".lock");
    try {
      FileChannel channel =
          FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      try {
        while (!tryLock(channel)) {
          Thread.sleep(POLL_MILLIS);
        }
        return new DirectoryLock(file, channel);
      } catch (IOException | InterruptedException | RuntimeException e) {
        channel.close();
        throw e;
      }
    } catch (IOException e) {
      throw FileFaults.unwritable(file, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new LeNetException(
          "waiting for another download into " + directory + " was interrupted; run it again", e);
    }
  }

  /** Polls, because a second thread of this JVM gets an exception where a process would wait. */
  private static boolean tryLock(FileChannel channel) throws IOException {
    try {
      FileLock lock = channel.tryLock();
      return lock != null;
    } catch (OverlappingFileLockException e) {
      return false;
    }
  }

  /** Closing the channel releases its lock. */
  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw FileFaults.unwritable(file, e);
    }
  }
}
