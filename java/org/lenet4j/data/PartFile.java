package org.lenet4j.data;

import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.lenet4j.io.AtomicFile;

/**
 * What has arrived of a download, in {@code NAME.part}, and which version of which address it is
 * the beginning of, in {@code NAME.part.origin} (two lines: address, strong ETag). A later attempt
 * goes on only if both are the same, so that no file is stitched from two versions.
 *
 * <p>The origin is written after the part was emptied and before bytes are added: it never
 * describes other bytes than those in the part. Failing to write is the user's disk, not the
 * mirror: it is a {@link org.lenet4j.LeNetException} and ends the download.
 */
final class PartFile implements AutoCloseable {
  private final Path target;
  private final Path path;
  private final Path origin;
  private final FileChannel channel;

  private PartFile(Path target, Path path, Path origin, FileChannel channel) {
    this.target = target;
    this.path = path;
    this.origin = origin;
    this.channel = channel;
  }

  static PartFile open(Path target) {
    Path path = target.resolveSibling(target.getFileName() + ".part");
    Path origin = target.resolveSibling(target.getFileName() + ".part.origin");
    try {
      FileChannel channel =
          FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
      return new PartFile(target, path, origin, channel);
    } catch (IOException e) {
      throw FileFaults.unwritable(path, e);
    }
  }

  Path path() {
    return path;
  }

  long size() {
    try {
      return channel.size();
    } catch (IOException e) {
      throw FileFaults.unwritable(path, e);
    }
  }

  /** The ETag under which this address would go on after the bytes held, or null to start over. */
  String resumableTag(URI address) {
    if (size() == 0) {
      return null;
    }
    try {
      List<String> lines = Files.readAllLines(origin);
      return lines.size() == 2 && lines.get(0).equals(address.toString()) ? lines.get(1) : null;
    } catch (IOException e) {
      // No record, or one that is no text: the bytes are of unknown origin.
      return null;
    }
  }

  /** Forgets all bytes, so that nothing is resumed. */
  void discard() {
    try {
      channel.truncate(0);
      Files.deleteIfExists(origin);
    } catch (IOException e) {
      throw FileFaults.unwritable(path, e);
    }
  }

  /** Empties the part for a new version; without a strong ETag it will not be resumable. */
  void restart(URI address, String etag) {
    discard();
    if (etag == null || !etag.startsWith("\"")) {
      return;
    }
    try {
      Files.write(origin, List.of(address.toString(), etag));
    } catch (IOException e) {
      throw FileFaults.unwritable(origin, e);
    }
  }

  void append(byte[] bytes, int count) {
    ByteBuffer buffer = ByteBuffer.wrap(bytes, 0, count);
    try {
      while (buffer.hasRemaining()) {
        channel.write(buffer);
      }
    } catch (IOException e) {
      throw FileFaults.unwritable(path, e);
    }
  }

  /** Makes the part durable and gives it its final name in one step. */
  void publish() {
    try {
      channel.force(true);
      Files.move(path, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      Files.deleteIfExists(origin);
    } catch (IOException e) {
      throw FileFaults.unwritable(target, e);
    }
    AtomicFile.syncDirectory(target.toAbsolutePath().getParent());
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw FileFaults.unwritable(path, e);
    }
  }
}
