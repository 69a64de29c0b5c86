package org.lenet4j.io;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.lenet4j.LeNetException;

/**
 * The JSON header of a safetensors file. Every entry is consistent in itself (its shape needs just
 * the bytes that its offsets span); how they lie in the file is for the reader to check.
 */
record SafetensorsHeader(List<Entry> entries, Map<String, String> metadata) {
  /** One tensor's place: bytes begin (inclusive) to end (exclusive) of the data. */
  record Entry(String name, List<Integer> shape, long begin, long end) {}

  /**
   * Reads a header.
   *
   * @param file named in errors
   */
  static SafetensorsHeader parse(Path file, byte[] header) throws IOException {
    return new Parser(file).parse(header);
  }

  private static final class Parser {
    private final Path file;
    private final List<Entry> entries = new ArrayList<>();
    private final Map<String, String> metadata = new LinkedHashMap<>();
    private JsonParser json;

    Parser(Path file) {
      this.file = file;
    }

    SafetensorsHeader parse(byte[] header) throws IOException {
      if (header[0] != '{') {
        throw malformed("a header that begins with byte 0x%02x".formatted(header[0]), "'{'");
      }
      try (JsonParser parser = Json.FACTORY.createParser(text(header))) {
        json = parser;
        json.nextToken();
        object("the header", this::entry);
        if (json.nextToken() != null) {
          throw malformed("more JSON behind the header's object", "nothing but spaces");
        }
      } catch (CharacterCodingException e) {
        throw malformed("a header that is not UTF-8", "JSON in UTF-8");
      } catch (JsonProcessingException e) {
        throw malformed(
            "a header with '" + e.getOriginalMessage().lines().findFirst().orElse("") + "'",
            "well-formed JSON with every name once");
      }
      return new SafetensorsHeader(entries, metadata);
    }

    /** Decoded here, since Jackson would also guess UTF-16 and UTF-32. */
    private static String text(byte[] header) throws CharacterCodingException {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(header)).toString();
    }

    private interface Field {
      /** Consumes the value of a field; the parser stands on its first token. */
      void read(String name) throws IOException;
    }

    private void object(String what, Field field) throws IOException {
      require(JsonToken.START_OBJECT, what, "an object");
      while (json.nextToken() != JsonToken.END_OBJECT) {
        String name = json.currentName();
        json.nextToken();
        field.read(name);
      }
    }

    private void entry(String name) throws IOException {
      if (name.equals(Safetensors.METADATA)) {
        object(name, this::metadata);
      } else {
        tensor(name);
      }
    }

    private void metadata(String name) throws IOException {
      require(JsonToken.VALUE_STRING, Safetensors.METADATA + " " + name, "a string");
      metadata.put(name, json.getText());
    }

    private void tensor(String name) throws IOException {
      String what = "tensor " + name;
      String[] type = new String[1];
      List<Long> shape = new ArrayList<>();
      List<Long> offsets = new ArrayList<>();
      List<String> missing = new ArrayList<>(List.of("dtype", "shape", "data_offsets"));
      object(
          what,
          field -> {
            switch (field) {
              case "dtype" -> {
                require(JsonToken.VALUE_STRING, what + "'s dtype", "a string");
                type[0] = json.getText();
              }
              case "shape" -> numbers(what + "'s shape", shape);
              case "data_offsets" -> numbers(what + "'s data_offsets", offsets);
              default ->
                  throw malformed(
                      "%s with a field '%s'".formatted(what, field),
                      "dtype, shape and data_offsets only");
            }
            missing.remove(field);
          });
      if (!missing.isEmpty()) {
        throw malformed(what + " without " + missing.get(0), "dtype, shape and data_offsets");
      }
      if (!type[0].equals(Safetensors.FLOAT32)) {
        throw new LeNetException(
            "%s has %s of type %s, but only F32 is read: convert it first, in PyTorch with .float()"
                .formatted(file, Safetensors.printable(what), Safetensors.printable(type[0])));
      }
      entries.add(checked(name, shape, offsets));
    }

    private void numbers(String what, List<Long> into) throws IOException {
      require(JsonToken.START_ARRAY, what, "an array");
      while (json.nextToken() != JsonToken.END_ARRAY) {
        require(JsonToken.VALUE_NUMBER_INT, what, "whole numbers");
        long value = json.getLongValue();
        if (value < 0) {
          throw malformed("%d in %s".formatted(value, what), "nothing below 0");
        }
        into.add(value);
      }
    }

    private Entry checked(String name, List<Long> shape, List<Long> offsets) {
      if (offsets.size() != 2 || offsets.get(0) > offsets.get(1)) {
        throw malformed("tensor %s with data_offsets %s".formatted(name, offsets), "[begin, end]");
      }
      long begin = offsets.get(0);
      long end = offsets.get(1);
      long bytes = Float.BYTES;
      List<Integer> extents = new ArrayList<>();
      try {
        for (long extent : shape) {
          bytes = Math.multiplyExact(bytes, extent);
          extents.add(Math.toIntExact(extent));
        }
      } catch (ArithmeticException e) {
        throw malformed("tensor %s of shape %s".formatted(name, shape), "a size that fits memory");
      }
      if (bytes != end - begin) {
        throw malformed(
            "tensor %s with %d bytes".formatted(name, end - begin),
            "%d for its shape %s".formatted(bytes, shape));
      }
      return new Entry(name, extents, begin, end);
    }

    private void require(JsonToken token, String what, String expected) throws IOException {
      if (json.currentToken() != token) {
        throw malformed("%s as %s".formatted(what, json.currentToken()), expected);
      }
    }

    private LeNetException malformed(String found, String expected) {
      return SafetensorsReader.malformed(file, found, expected);
    }
  }
}
