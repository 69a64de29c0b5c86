package org.lenet4j.io;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Objects;
import java.util.UUID;
import org.lenet4j.LeNetException;

/**
 * Writes a file so that its name always stands for a whole file: the old one, or the new one after
 * {@link #write} has returned, whatever fails in between (the writer, the disk, the power).
 *
 * <p>A symbolic link stays a link; the file that it leads to is replaced.
 */
public final class AtomicFile {
  /** Produces the content of a file. */
  @FunctionalInterface
  public interface Content {
    /** Writes everything; the stream is buffered and closed by the caller. */
    void writeTo(OutputStream out) throws IOException;
  }

  /** As many links in a row as Linux follows. */
  private static final int MAX_LINKS = 40;

  private AtomicFile() {}

  /**
   * Replaces or creates a file.
   *
   * @throws LeNetException if it cannot be written; the old file is then untouched
   */
  public static void write(Path file, Content content) {
    Objects.requireNonNull(file, "file must not be null");
    Objects.requireNonNull(content, "content must not be null");
    // A pending interrupt closes channels under our hands; whoever saves after an interrupted
    // training wants the file nevertheless.
    boolean interrupted = Thread.interrupted();
    try {
      Path target = requireWritable(file);
      Path temporary =
          target.resolveSibling("." + target.getFileName() + "." + UUID.randomUUID() + ".tmp");
      try {
        writeAndSync(temporary, content);
        Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
      } finally {
        Files.deleteIfExists(temporary);
      }
      syncDirectory(target.getParent());
    } catch (IOException e) {
      throw FileReasons.unwritable(file, e);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /**
   * Finds out before a long computation whether its result can be written to this place.
   *
   * @return the absolute path of the file proper, links followed
   * @throws LeNetException if not
   */
  public static Path requireWritable(Path file) {
    Objects.requireNonNull(file, "file must not be null");
    try {
      Path target = followLinks(file.toAbsolutePath());
      Path directory = target.getParent();
      if (directory == null || Files.isDirectory(target)) {
        throw new LeNetException(file + " is a directory: name a file in it");
      }
      // Renaming over a device or a pipe would replace it.
      if (Files.exists(target) && !Files.isRegularFile(target)) {
        throw new LeNetException(file + " is not a regular file and will not be replaced");
      }
      if (!Files.isDirectory(directory)) {
        throw new LeNetException(
            file + " cannot be written: there is no directory " + directory + ", create it first");
      }
      if (!Files.isWritable(directory)) {
        throw new LeNetException(
            file + " cannot be written: no permission to create files in " + directory);
      }
      return target;
    } catch (IOException e) {
      throw FileReasons.unwritable(file, e);
    }
  }

  private static Path followLinks(Path file) throws IOException {
    Path target = file;
    for (int links = 0; Files.isSymbolicLink(target); links++) {
      if (links == MAX_LINKS) {
        throw new IOException("more than " + MAX_LINKS + " symbolic links in a row");
      }
      target = target.resolveSibling(Files.readSymbolicLink(target));
    }
    return target;
  }

  private static void writeAndSync(Path temporary, Content content) throws IOException {
    try (FileChannel channel =
        FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      OutputStream out = new BufferedOutputStream(Channels.newOutputStream(channel));
      content.writeTo(out);
      out.flush();
      channel.force(true);
    }
  }

  /** Makes a rename in this directory survive a power cut. */
  public static void syncDirectory(Path directory) {
    Objects.requireNonNull(directory, "directory must not be null");
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    } catch (IOException e) {
      // Windows and some network file systems cannot open directories; the file is complete.
    }
  }
}
