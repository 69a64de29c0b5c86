package org.lenet4j.data;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.zip.ZipException;
import org.lenet4j.LeNetException;
import org.lenet4j.io.Sha256;

/**
 * The uncompressed content of a file, read once from front to back. Gzip is recognised by its first
 * two bytes, whatever the file is called. Optionally the content is hashed on the way, and its end
 * is then believed only if the SHA-256 is the expected one.
 *
 * <p>Every failure is a {@link LeNetException} that names the file.
 */
final class ContentFile implements AutoCloseable {
  private static final String FETCH_AGAIN = "the file is damaged, so fetch it again";

  private final Path path;
  private final FileChannel file;
  private final long fileSize;
  private final ReadableByteChannel content;
  private final String sha256;
  private final MessageDigest digest;
  private long position;

  private ContentFile(Path path, FileChannel file, String sha256) throws IOException {
    this.path = path;
    this.file = file;
    this.fileSize = file.size();
    this.content = startsLikeGzip(file) ? new GzipChannel(file) : file;
    this.sha256 = sha256;
    this.digest = sha256 == null ? null : Sha256.newDigest();
  }

  /** Opens a file whose content may be anything. */
  static ContentFile open(Path path) {
    return openVerified(path, null);
  }

  /** Opens a file whose content must have this SHA-256 (lower-case hexadecimal). */
  static ContentFile openVerified(Path path, String sha256) {
    FileChannel file = null;
    try {
      if (Files.exists(path) && !Files.isRegularFile(path)) {
        throw new IOException("it is not a regular file");
      }
      file = FileChannel.open(path);
      return new ContentFile(path, file, sha256);
    } catch (IOException e) {
      closeQuietly(file);
      throw FileFaults.unreadable(path, e);
    }
  }

  /**
   * SHA-256 of a file's content in lower-case hexadecimal. Content of more than maxBytes is read
   * only just beyond them, since a small file can hold an enormous content; no right hash results.
   */
  static String sha256(Path path, long maxBytes) {
    MessageDigest digest = Sha256.newDigest();
    try (ContentFile in = open(path)) {
      ByteBuffer chunk = ByteBuffer.allocate(1 << 16);
      while (in.position <= maxBytes && in.read(chunk.clear()) >= 0) {
        digest.update(chunk.flip());
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static boolean startsLikeGzip(FileChannel file) throws IOException {
    ByteBuffer start = ByteBuffer.allocate(2);
    while (start.hasRemaining() && file.read(start, start.position()) >= 0) {}
    return !start.hasRemaining()
        && ((start.get(0) & 0xff) | (start.get(1) & 0xff) << 8) == GzipChannel.MAGIC;
  }

  Path path() {
    return path;
  }

  boolean compressed() {
    return content != file;
  }

  /** Size on disk in bytes, compressed or not. */
  long fileSize() {
    return fileSize;
  }

  /** The content can have no more bytes than this, whatever it says of itself. */
  long maxContent() {
    return compressed() ? fileSize * GzipChannel.MAX_RATIO : fileSize;
  }

  /** Names an offset into the content in a message. */
  String where(long offset) {
    return "byte " + offset + (compressed() ? " of the uncompressed content" : "");
  }

  /**
   * Fills the buffer.
   *
   * @param expected what the bytes are for, in case the content ends before them
   */
  void readFully(ByteBuffer into, String expected) {
    while (into.hasRemaining()) {
      if (read(into) < 0) {
        throw truncated(position, expected);
      }
    }
  }

  LeNetException truncated(long at, String expected) {
    return FileFaults.malformed(
        path,
        where(at),
        "the end of the file",
        expected,
        "the file is truncated, so fetch it again");
  }

  /** Nothing may follow, and the content read must have the expected hash. */
  void expectEnd() {
    ByteBuffer probe = ByteBuffer.allocate(1);
    long end = position;
    if (read(probe) >= 0) {
      throw FileFaults.malformed(
          path, where(end), "more bytes", "the end of the file", FETCH_AGAIN);
    }
    if (digest == null) {
      return;
    }
    String found = HexFormat.of().formatHex(digest.digest());
    if (!found.equals(sha256)) {
      throw FileFaults.malformed(
          path,
          "SHA-256 of the uncompressed content",
          found,
          sha256,
          "delete or reinstall this file, or name another directory with --data");
    }
  }

  private int read(ByteBuffer into) {
    int start = into.position();
    try {
      int count = content.read(into);
      if (count > 0) {
        position += count;
        if (digest != null) {
          digest.update(into.duplicate().flip().position(start));
        }
      }
      return count;
    } catch (ZipException | EOFException e) {
      throw new LeNetException(
          path + ": " + e.getMessage() + ", expected intact gzip data; " + FETCH_AGAIN, e);
    } catch (IOException e) {
      throw FileFaults.unreadable(path, e);
    }
  }

  @Override
  public void close() {
    if (compressed()) {
      closeQuietly(content);
    }
    closeQuietly(file);
  }

  /** A file that was only read loses nothing if closing it fails. */
  private static void closeQuietly(ReadableByteChannel channel) {
    try {
      if (channel != null) {
        channel.close();
      }
    } catch (IOException ignored) {
      // See above.
    }
  }
}
