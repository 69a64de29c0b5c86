package org.lenet4j.io;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Objects;
import java.util.Optional;
import org.lenet4j.LeNetException;

/**
 * Gives a directory to one thread of one process at a time. The lock dies with its process; the
 * empty file {@link #FILE} stays, since deleting it could split the lock in two.
 */
public final class DirectoryLock implements AutoCloseable {
  /** The name of the file that is locked. */
  public static final String FILE = ".lock";

  private static final Logger LOGGER = System.getLogger(DirectoryLock.class.getName());
  private static final int POLL_MILLIS = 50;

  private final FileChannel channel;

  private DirectoryLock(FileChannel channel) {
    this.channel = channel;
  }

  /** Takes a directory if it is free. */
  public static Optional<DirectoryLock> tryAcquire(Path directory) throws IOException {
    FileChannel channel = open(directory);
    try {
      if (tryLock(channel)) {
        return Optional.of(new DirectoryLock(channel));
      }
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
    channel.close();
    return Optional.empty();
  }

  /** Waits until a directory to download into is free. */
  public static DirectoryLock acquire(Path directory) throws IOException {
    // One channel for all tries: closing one may release the lock that another thread holds.
    FileChannel channel = open(directory);
    try {
      for (boolean waits = false; !tryLock(channel); waits = true) {
        if (!waits) {
          LOGGER.log(Level.INFO, "waiting for another download into {0}", directory);
        }
        Thread.sleep(POLL_MILLIS);
      }
      return new DirectoryLock(channel);
    } catch (InterruptedException e) {
      channel.close();
      Thread.currentThread().interrupt();
      throw new LeNetException(
          "waiting for another download into " + directory + " was interrupted; run it again", e);
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  private static FileChannel open(Path directory) throws IOException {
    Objects.requireNonNull(directory, "directory must not be null");
    return FileChannel.open(
        directory.resolve(FILE), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
  }

  /** A second thread of this JVM gets an exception where another process would get null. */
  private static boolean tryLock(FileChannel channel) throws IOException {
    try {
      return channel.tryLock() != null;
    } catch (OverlappingFileLockException e) {
      return false;
    }
  }

  /** Closing the channel releases its lock. */
  @Override
  public void close() throws IOException {
    channel.close();
  }
}
