package org.lenet4j.data;

import java.io.IOException;
import java.nio.file.Path;
import org.lenet4j.LeNetException;
import org.lenet4j.io.FileReasons;

/** The sentences in which this package reports a file it cannot use. */
final class FileFaults {
  private FileFaults() {}

  /** Content that is not what it must be, at a place that a hex viewer finds. */
  static LeNetException malformed(
      Path file, String where, String found, String expected, String remedy) {
    return new LeNetException(
        file + ": " + where + ": found " + found + ", expected " + expected + "; " + remedy);
  }

  static LeNetException unreadable(Path file, IOException cause) {
    return new LeNetException(
        file
            + " could not be read: "
            + FileReasons.of(cause)
            + "; check the path and its permissions",
        cause);
  }

  static LeNetException unwritable(Path file, IOException cause) {
    return new LeNetException(
        file
            + " could not be written: "
            + FileReasons.of(cause)
            + "; free space, fix the permissions, or choose another cache directory with"
            + " LENET4J_CACHE",
        cause);
  }
}
