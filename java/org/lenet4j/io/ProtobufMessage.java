package org.lenet4j.io;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/**
 * One message in protobuf's wire format, which is stable: a field is a varint of its number and
 * wire type, then its value (https://protobuf.dev/programming-guides/encoding). Only writing, and
 * only the types that ONNX and TensorBoard need. A repeated field is written once per element.
 */
public final class ProtobufMessage {
  private static final int VARINT = 0;
  private static final int FIXED64 = 1;
  private static final int LENGTH_DELIMITED = 2;
  private static final int FIXED32 = 5;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  /** A field of type int32, int64, uint32, uint64, bool or enum. */
  public ProtobufMessage integer(int field, long value) {
    tag(field, VARINT);
    varint(value);
    return this;
  }

  /** A field of type float. */
  public ProtobufMessage float32(int field, float value) {
    tag(field, FIXED32);
    fixed(Float.floatToRawIntBits(value), Float.BYTES);
    return this;
  }

  /** A field of type double. */
  public ProtobufMessage float64(int field, double value) {
    tag(field, FIXED64);
    fixed(Double.doubleToRawLongBits(value), Double.BYTES);
    return this;
  }

  /** A field of type string. */
  public ProtobufMessage string(int field, String value) {
    Objects.requireNonNull(value, "value must not be null");
    return bytes(field, value.getBytes(StandardCharsets.UTF_8));
  }

  /** A field of type bytes. */
  public ProtobufMessage bytes(int field, byte[] value) {
    Objects.requireNonNull(value, "value must not be null");
    tag(field, LENGTH_DELIMITED);
    varint(value.length);
    out.writeBytes(value);
    return this;
  }

  /** A field that is a message itself. */
  public ProtobufMessage message(int field, ProtobufMessage value) {
    Objects.requireNonNull(value, "value must not be null");
    return bytes(field, value.toByteArray());
  }

  /** The message so far. */
  public byte[] toByteArray() {
    return out.toByteArray();
  }

  private void tag(int field, int wireType) {
    varint((long) field << 3 | wireType);
  }

  /** The lowest byte first. */
  private void fixed(long bits, int bytes) {
    for (int i = 0; i < bytes; i++) {
      out.write((int) (bits >>> (8 * i)));
    }
  }

  /** Seven bits a byte, the lowest first; the top bit says that more follow. */
  private void varint(long value) {
    long rest = value;
    while ((rest & ~0x7fL) != 0) {
      out.write((int) ((rest & 0x7f) | 0x80));
      rest >>>= 7;
    }
    out.write((int) rest);
  }
}
