package org.lenet4j.data;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ReadableByteChannel;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import java.util.zip.ZipException;

/**
 * Decompresses gzip (RFC 1952, members in any number) straight into the caller's buffers.
 *
 * <p>java.util.zip.GZIPInputStream is not used because it goes through heap arrays and silently
 * ignores what follows the last member. Every fault is a {@link ZipException}, or an {@link
 * EOFException} for a stream that ends too early.
 */
final class GzipChannel implements ReadableByteChannel {
  static final int MAGIC = 0x8b1f;

  /** Deflate cannot pack denser: 258 bytes (the longest match) in two bits. */
  static final int MAX_RATIO = 1032;

  private static final int DEFLATE = 8;
  private static final int HEADER_CRC = 0x02;
  private static final int EXTRA = 0x04;
  private static final int NAME = 0x08;
  private static final int COMMENT = 0x10;
  private static final int RESERVED = 0xe0;

  private final ReadableByteChannel compressed;
  private final ByteBuffer input =
      ByteBuffer.allocate(1 << 16).order(ByteOrder.LITTLE_ENDIAN).limit(0);
  private final Inflater inflater = new Inflater(true);
  private final CRC32 contentCrc = new CRC32();
  private final CRC32 headerCrc = new CRC32();
  private long refilled;
  private boolean inMember;
  private boolean open = true;

  GzipChannel(ReadableByteChannel compressed) {
    this.compressed = compressed;
  }

  /** Bytes of the compressed stream used so far. */
  private long position() {
    return refilled - input.remaining();
  }

  @Override
  public int read(ByteBuffer into) throws IOException {
    if (!into.hasRemaining()) {
      return 0;
    }
    while (true) {
      if (!inMember && !startMember()) {
        return -1;
      }
      int start = into.position();
      int count = inflate(into);
      contentCrc.update(into.duplicate().flip().position(start));
      if (inflater.finished()) {
        endMember();
      }
      if (count > 0) {
        return count;
      }
    }
  }

  private int inflate(ByteBuffer into) throws IOException {
    while (true) {
      int count;
      try {
        count = inflater.inflate(into);
      } catch (DataFormatException e) {
        throw new ZipException(
            "near byte "
                + position()
                + " of the compressed file: found damaged deflate data ("
                + e.getMessage()
                + ")");
      }
      if (count > 0 || inflater.finished()) {
        return count;
      }
      need(1);
      inflater.setInput(input);
    }
  }

  /** Reads a member's header; false at the end of the file. */
  private boolean startMember() throws IOException {
    long start = position();
    if (start > 0 && !fill(1)) {
      return false;
    }
    headerCrc.reset();
    int magic = header(2);
    if (magic != MAGIC) {
      throw new ZipException(
          "byte " + start + " of the compressed file: found bytes after the end of the gzip data");
    }
    int method = header(1);
    if (method != DEFLATE) {
      throw new ZipException(
          "byte " + (start + 2) + " of the compressed file: found compression method " + method);
    }
    int flags = header(1);
    if ((flags & RESERVED) != 0) {
      throw new ZipException(
          "byte " + (start + 3) + " of the compressed file: found reserved gzip flags " + flags);
    }
    header(2); // modification time, low half
    header(2); // modification time, high half
    header(2); // extra flags, operating system
    if ((flags & EXTRA) != 0) {
      for (int left = header(2); left > 0; left--) {
        header(1);
      }
    }
    if ((flags & NAME) != 0) {
      skipText();
    }
    if ((flags & COMMENT) != 0) {
      skipText();
    }
    if ((flags & HEADER_CRC) != 0) {
      int computed = (int) headerCrc.getValue() & 0xffff;
      check("header checksum", computed, header(2));
    }
    inflater.reset();
    inflater.setInput(input);
    contentCrc.reset();
    inMember = true;
    return true;
  }

  private void skipText() throws IOException {
    while (header(1) != 0) {}
  }

  /** The next one or two bytes of a header as a little-endian number. */
  private int header(int bytes) throws IOException {
    need(bytes);
    int value = 0;
    for (int i = 0; i < bytes; i++) {
      int next = input.get() & 0xff;
      headerCrc.update(next);
      value |= next << (8 * i);
    }
    return value;
  }

  private void endMember() throws IOException {
    need(8);
    check("content checksum", (int) contentCrc.getValue(), input.getInt());
    check("content size", (int) inflater.getBytesWritten(), input.getInt());
    inMember = false;
  }

  private void check(String what, int computed, int stored) throws ZipException {
    if (computed != stored) {
      throw new ZipException(
          String.format(
              "before byte %d of the compressed file: found gzip %s %08x where the data gives %08x",
              position(), what, stored, computed));
    }
  }

  private void need(int bytes) throws IOException {
    if (!fill(bytes)) {
      throw new EOFException(
          "byte " + refilled + " of the compressed file: found the end of the file");
    }
  }

  /** Makes at least so many bytes available in the input buffer; false if the file ends before. */
  private boolean fill(int bytes) throws IOException {
    if (input.remaining() >= bytes) {
      return true;
    }
    input.compact();
    try {
      while (input.position() < bytes) {
        int count = compressed.read(input);
        if (count < 0) {
          return false;
        }
        refilled += count;
      }
    } finally {
      input.flip();
    }
    return true;
  }

  @Override
  public boolean isOpen() {
    return open;
  }

  /** Frees the inflater's native memory; the compressed channel is its owner's to close. */
  @Override
  public void close() {
    open = false;
    inflater.end();
  }
}
