package org.lenet4j.io;

import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.Objects;
import org.lenet4j.LeNetException;

/** Why a file operation failed, in words: the JDK often says so only by the exception's type. */
public final class FileReasons {
  private FileReasons() {}

  /** Half a sentence such as "permission denied". */
  public static String of(IOException e) {
    Objects.requireNonNull(e, "e must not be null");
    if (e instanceof NoSuchFileException) {
      return "it does not exist";
    }
    if (e instanceof AccessDeniedException) {
      return "permission denied";
    }
    if (e instanceof NotDirectoryException || e instanceof FileAlreadyExistsException) {
      return "a file is in the place of a directory";
    }
    if (e instanceof ClosedByInterruptException) {
      return "the thread was interrupted";
    }
    if (e instanceof CharacterCodingException) {
      return "it is not text in UTF-8";
    }
    if (e instanceof FileSystemException failure && failure.getReason() != null) {
      return failure.getReason();
    }
    return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
  }

  /** That a file could not be read, and why. */
  public static LeNetException unreadable(Path file, IOException e) {
    Objects.requireNonNull(file, "file must not be null");
    return new LeNetException(file + " could not be read: " + of(e), e);
  }

  /** That a file could not be written, and why. */
  public static LeNetException unwritable(Path file, IOException e) {
    Objects.requireNonNull(file, "file must not be null");
    Objects.requireNonNull(e, "e must not be null");
    String reason = e instanceof NoSuchFileException ? "its directory is gone" : of(e);
    return new LeNetException(file + " could not be written: " + reason, e);
  }
}
