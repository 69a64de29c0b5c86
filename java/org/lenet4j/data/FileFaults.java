package org.lenet4j.data;

import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import org.lenet4j.LeNetException;

/** The sentences in which this package reports a file it cannot use. */
final class FileFaults {
  private FileFaults() {}

  /** Content that is not what it must be, at a place that a hex viewer finds. */
  static LeNetException malformed(
      Path file, String where, String found, String expected, String remedy) {
    return new LeNetException(
        file + ": " + where + ": found " + found + ", expected " + expected + "; " + remedy + ".");
  }

  static LeNetException unreadable(Path file, IOException cause) {
    return new LeNetException(
        file + " could not be read: " + reason(cause) + "; check the path and its permissions.",
        cause);
  }

  static LeNetException unwritable(Path file, IOException cause) {
    return new LeNetException(
        file
            + " could not be written: "
            + reason(cause)
            + "; free space, fix the permissions, or choose another cache directory with"
            + " LENET4J_CACHE.",
        cause);
  }

  /** The JDK's file-system exceptions carry the path as message, and only their type says why. */
  private static String reason(IOException cause) {
    if (cause instanceof NoSuchFileException) {
      return "it does not exist";
    }
    if (cause instanceof AccessDeniedException) {
      return "permission denied";
    }
    if (cause instanceof NotDirectoryException || cause instanceof FileAlreadyExistsException) {
      return "a file is in the place of a directory";
    }
    if (cause instanceof ClosedByInterruptException) {
      return "the thread was interrupted";
    }
    return cause.getMessage() == null ? cause.toString() : cause.getMessage();
  }
}
