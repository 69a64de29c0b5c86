package org.lenet4j.io;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.lenet4j.LeNetException;

/** Reads one safetensors file; see {@link Safetensors#read}. */
final class SafetensorsReader {
  /** A LeNet of 1,024 classes has less than 1 MiB. */
  static final long MAX_FILE = 64L << 20;

  private final Path file;

  SafetensorsReader(Path file) {
    this.file = file;
  }

  Safetensors read() {
    try {
      if (Files.exists(file) && !Files.isRegularFile(file)) {
        throw new LeNetException(file + " is not a regular file, expected a safetensors file");
      }
      try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
        return read(channel);
      }
    } catch (IOException e) {
      throw FileReasons.unreadable(file, e);
    }
  }

  private Safetensors read(FileChannel channel) throws IOException {
    long size = channel.size();
    if (size < Long.BYTES) {
      throw malformed(size + " bytes", "at least 8 for the header's length");
    }
    if (size > MAX_FILE) {
      throw new LeNetException(
          "%s has %d bytes, more than any LeNet (%d): is it the right file?"
              .formatted(file, size, MAX_FILE));
    }
    long headerSize = fill(channel, Long.BYTES).getLong();
    if (headerSize < 2 || headerSize > Safetensors.MAX_HEADER) {
      throw malformed(
          "a header length of " + Long.toUnsignedString(headerSize),
          "2 to " + Safetensors.MAX_HEADER);
    }
    long dataSize = size - Long.BYTES - headerSize;
    if (dataSize < 0) {
      throw malformed(
          "%d bytes after the header's length".formatted(size - Long.BYTES),
          "a header of %d".formatted(headerSize));
    }
    SafetensorsHeader header =
        SafetensorsHeader.parse(file, fill(channel, (int) headerSize).array());
    List<SafetensorsHeader.Entry> entries = new ArrayList<>(header.entries());
    entries.sort(
        (a, b) ->
            a.begin() == b.begin()
                ? Long.compare(a.end(), b.end())
                : Long.compare(a.begin(), b.begin()));
    checkPlaces(entries, dataSize);

    List<Tensor> tensors = new ArrayList<>();
    for (SafetensorsHeader.Entry entry : entries) {
      // checkPlaces has shown that the file holds these bytes, so they fit an int.
      float[] values = new float[(int) ((entry.end() - entry.begin()) / Float.BYTES)];
      fill(channel, values.length * Float.BYTES).asFloatBuffer().get(values);
      tensors.add(new Tensor(entry.name(), entry.shape(), values));
    }
    return new Safetensors(tensors, header.metadata());
  }

  /** The tensors must cover the data exactly: no overlap, no gap, nothing behind the last. */
  private void checkPlaces(List<SafetensorsHeader.Entry> entries, long dataSize) {
    long end = 0;
    for (SafetensorsHeader.Entry entry : entries) {
      if (entry.begin() != end) {
        throw malformed(
            "tensor %s at data offset %d".formatted(entry.name(), entry.begin()),
            "offset %d, where the tensor before it ends".formatted(end));
      }
      if (entry.end() > dataSize) {
        throw malformed(
            "%d bytes of data".formatted(dataSize),
            "at least %d for tensor %s".formatted(entry.end(), entry.name()));
      }
      end = entry.end();
    }
    if (end != dataSize) {
      throw malformed(
          "%d bytes of data".formatted(dataSize), "%d, as the header says".formatted(end));
    }
  }

  private static ByteBuffer fill(FileChannel channel, int size) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    while (buffer.hasRemaining()) {
      if (channel.read(buffer) < 0) {
        throw new EOFException("it became shorter while it was read");
      }
    }
    return buffer.flip();
  }

  private LeNetException malformed(String found, String expected) {
    return malformed(file, found, expected);
  }

  static LeNetException malformed(Path file, String found, String expected) {
    return new LeNetException(
        "%s is not a valid safetensors file: found %s, expected %s"
            .formatted(file, Safetensors.printable(found), Safetensors.printable(expected)));
  }
}
