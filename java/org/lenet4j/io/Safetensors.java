package org.lenet4j.io;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.lenet4j.LeNetException;

/**
 * Files in the safetensors format, float32 only: 8 bytes of little-endian header length, a JSON
 * header that gives each tensor's shape and place, then the values, little-endian and without gaps.
 *
 * @param tensors in the order of their values in the file
 * @param metadata the texts under {@code __metadata__}; empty if there is none
 */
public record Safetensors(List<Tensor> tensors, Map<String, String> metadata) {
  /** Bytes of a header: what a checkpoint's history may take, and no bait for a parser. */
  public static final long MAX_HEADER = 16L << 20;

  static final String METADATA = "__metadata__";
  static final String FLOAT32 = "F32";
  private static final int MAX_QUOTED = 200;

  public Safetensors {
    tensors = List.copyOf(Objects.requireNonNull(tensors, "tensors must not be null"));
    metadata = Map.copyOf(Objects.requireNonNull(metadata, "metadata must not be null"));
    Set<String> names = new HashSet<>();
    for (Tensor tensor : tensors) {
      if (tensor.name().equals(METADATA) || !names.add(tensor.name())) {
        throw new IllegalArgumentException("two entries would be named " + tensor.name());
      }
    }
  }

  /**
   * Reads a file of at most 64 MiB and believes nothing in it before it is checked.
   *
   * @throws LeNetException if it cannot be read or is not what it should be
   */
  public static Safetensors read(Path file) {
    Objects.requireNonNull(file, "file must not be null");
    return new SafetensorsReader(file).read();
  }

  /** The tensor of this name. */
  public Optional<Tensor> tensor(String name) {
    Objects.requireNonNull(name, "name must not be null");
    for (Tensor tensor : tensors) {
      if (tensor.name().equals(name)) {
        return Optional.of(tensor);
      }
    }
    return Optional.empty();
  }

  /**
   * Writes a file, whole or not at all.
   *
   * @throws LeNetException if it cannot be written, or {@link #read} would refuse it
   */
  public void write(Path file) {
    AtomicFile.write(
        file,
        out -> {
          byte[] header = header();
          if (header.length > MAX_HEADER) {
            throw new LeNetException(
                "%s was not written: its header has %d bytes, and more than %d are not read"
                    .formatted(file, header.length, MAX_HEADER));
          }
          out.write(littleEndian(Long.BYTES).putLong(header.length).array());
          out.write(header);
          for (Tensor tensor : tensors) {
            ByteBuffer bytes = littleEndian(Math.multiplyExact(tensor.values().length, 4));
            bytes.asFloatBuffer().put(tensor.values());
            out.write(bytes.array());
          }
        });
  }

  /** JSON, padded with spaces so that the values begin at a multiple of 8. */
  private byte[] header() throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (JsonGenerator json = Json.FACTORY.createGenerator(out)) {
      json.writeStartObject();
      if (!metadata.isEmpty()) {
        json.writeObjectFieldStart(METADATA);
        for (String key : metadata.keySet().stream().sorted().toList()) {
          json.writeStringField(key, metadata.get(key));
        }
        json.writeEndObject();
      }
      long begin = 0;
      for (Tensor tensor : tensors) {
        long end = begin + 4L * tensor.values().length;
        json.writeObjectFieldStart(tensor.name());
        json.writeStringField("dtype", FLOAT32);
        json.writeArrayFieldStart("shape");
        for (int extent : tensor.shape()) {
          json.writeNumber(extent);
        }
        json.writeEndArray();
        json.writeArrayFieldStart("data_offsets");
        json.writeNumber(begin);
        json.writeNumber(end);
        json.writeEndArray();
        json.writeEndObject();
        begin = end;
      }
      json.writeEndObject();
    }
    while (out.size() % Long.BYTES != 0) {
      out.write(' ');
    }
    return out.toByteArray();
  }

  /** What a file says, fit for one line of a terminal. */
  public static String printable(String text) {
    Objects.requireNonNull(text, "text must not be null");
    String plain = text.replaceAll("\\p{Cc}", "?");
    return plain.length() <= MAX_QUOTED ? plain : plain.substring(0, MAX_QUOTED) + "...";
  }

  private static ByteBuffer littleEndian(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
  }
}
