package org.lenet4j.io;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.lenet4j.LeNetException;

class SafetensorsTest {
  /** A good header for 12 bytes of data; the cases below spoil it. */
  private static final String GOOD =
      "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
          + "\"b\":{\"dtype\":\"F32\",\"shape\":[1,1],\"data_offsets\":[8,12]}}";

  @TempDir private Path directory;

  @Test
  void readsWhatItWrote() {
    Path file = directory.resolve("t.safetensors");
    Safetensors written =
        new Safetensors(
            List.of(
                new Tensor(
                    "second", List.of(2, 1, 2), new float[] {1, -0f, Float.NaN, Float.MIN_VALUE}),
                new Tensor("first", List.of(), new float[] {7}),
                new Tensor("empty", List.of(0, 5), new float[0])),
            Map.of("activation", "tanh", "note", "line\nbreak \"quoted\" \u00fc"));
    written.write(file);
    Safetensors read = Safetensors.read(file);
    assertThat(read.metadata()).isEqualTo(written.metadata());
    assertThat(read.tensors().stream().map(Tensor::name))
        .containsExactly("second", "first", "empty");
    for (Tensor tensor : written.tensors()) {
      Tensor found = read.tensor(tensor.name()).orElseThrow();
      assertThat(found.shape()).isEqualTo(tensor.shape());
      assertThat(found.values()).isEqualTo(tensor.values());
    }
    assertThat(read.tensor("third")).isEmpty();
  }

  @Test
  void writesTheFormatByteForByte() throws IOException {
    Path file = directory.resolve("t.safetensors");
    new Safetensors(List.of(new Tensor("a", List.of(1), new float[] {1})), Map.of()).write(file);
    byte[] bytes = Files.readAllBytes(file);
    String json = "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}";
    int padded = (json.length() + 7) / 8 * 8;
    assertThat(Arrays.copyOf(bytes, 8)).isEqualTo(new byte[] {(byte) padded, 0, 0, 0, 0, 0, 0, 0});
    assertThat(new String(bytes, 8, padded, UTF_8))
        .isEqualTo(json + " ".repeat(padded - json.length()));
    assertThat(Arrays.copyOfRange(bytes, 8 + padded, bytes.length))
        .isEqualTo(new byte[] {0, 0, (byte) 0x80, 0x3f});
  }

  @Test
  void readsTheGoodFileOfTheseTests() throws IOException {
    assertThat(Safetensors.read(file(GOOD, 12)).tensors()).hasSize(2);
    assertThat(Safetensors.read(file("{}", 0)).tensors()).isEmpty();
  }

  static Stream<Arguments> spoiltHeaders() {
    return Stream.of(
        spoilt("\"F32\"", "4", "tensor a's dtype as VALUE_NUMBER_INT, expected a string"),
        spoilt("[2]", "[3]", "tensor a with 8 bytes, expected 12 for its shape [3]"),
        spoilt("[2]", "2", "tensor a's shape as VALUE_NUMBER_INT, expected an array"),
        spoilt("[2]", "[2.0]", "as VALUE_NUMBER_FLOAT, expected whole numbers"),
        spoilt("[2]", "[-2]", "-2 in tensor a's shape, expected nothing below 0"),
        spoilt("[2]", "[4294967296,4294967296]", "expected a size that fits memory"),
        spoilt("[2]", "[99999999999999999999]", "expected well-formed JSON"),
        spoilt("[0,8]", "[8,0]", "tensor a with data_offsets [8, 0], expected [begin, end]"),
        spoilt("[0,8]", "[0]", "tensor a with data_offsets [0], expected [begin, end]"),
        spoilt("[0,8]", "[4,12]", "tensor a at data offset 4, expected offset 0"),
        spoilt("[8,12]", "[4,8]", "tensor b at data offset 4, expected offset 8"),
        spoilt("[8,12]", "[9,13]", "tensor b at data offset 9, expected offset 8"),
        spoilt(
            "[1,1],\"data_offsets\":[8,12]",
            "[2],\"data_offsets\":[8,16]",
            "12 bytes of data, expected at least 16 for tensor b"),
        spoilt("\"b\"", "\"a\"", "Duplicate"),
        spoilt("\"shape\":[2]", "\"shape\":[2],\"shape\":[2]", "Duplicate"),
        spoilt("\"shape\":[2],", "", "tensor a without shape, expected dtype, shape and"),
        spoilt("\"shape\":[2]", "\"shape\":[2],\"x\":1", "tensor a with a field 'x', expected"),
        spoilt(
            "{\"a\"", "{\"__metadata__\":[],\"a\"", "__metadata__ as START_ARRAY, expected an obj"),
        spoilt("{\"a\"", "{\"__metadata__\":{\"k\":1},\"a\"", "__metadata__ k as VALUE_NUMBER_INT"),
        spoilt("{\"a\"", "{\"\u0007\":1,\"a\"", "expected well-formed JSON"),
        spoilt("{\"a\"", "{\"n\\n\":1,\"a\"", "tensor n? as VALUE_NUMBER_INT, expected an object"),
        spoilt("{\"a\"", " {\"a\"", "begins with byte 0x20, expected '{'"),
        spoilt("]}}", "]}", "expected well-formed JSON"),
        spoilt("]}}", "]}}{}", "more JSON behind the header's object"),
        spoilt("]}}", "]}}x", "expected well-formed JSON"));
  }

  /** The good header with the first such part replaced. */
  private static Arguments spoilt(String part, String by, String message) {
    int at = GOOD.indexOf(part);
    assertThat(at).isNotNegative();
    return arguments(GOOD.substring(0, at) + by + GOOD.substring(at + part.length()), message);
  }

  @ParameterizedTest
  @MethodSource("spoiltHeaders")
  void refusesSpoiltHeaders(String header, String message) throws IOException {
    assertRefused(file(header, 12), message);
  }

  @Test
  void refusesDataBehindTheLastTensor() throws IOException {
    assertRefused(file(GOOD, 13), "found 13 bytes of data, expected 12, as the header says");
  }

  @Test
  void refusesAHeaderThatIsNotUtf8() throws IOException {
    Path file = file(GOOD, 12);
    byte[] bytes = Files.readAllBytes(file);
    bytes[10] = (byte) 0xff;
    Files.write(file, bytes);
    assertRefused(file, "a header that is not UTF-8");
  }

  @Test
  void refusesAbsurdHeaderLengths() throws IOException {
    for (long length : new long[] {0, 1, (1 << 24) + 1, Long.MAX_VALUE, -1}) {
      Path file = directory.resolve("length");
      ByteBuffer bytes = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN);
      Files.write(file, bytes.putLong(length).array());
      assertRefused(
          file, "a header length of " + Long.toUnsignedString(length) + ", expected 2 to 16777216");
    }
  }

  @Test
  void refusesHugeFilesUnread() throws IOException {
    Path file = directory.resolve("huge");
    try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
      sparse.setLength((64L << 20) + 1);
    }
    assertThatThrownBy(() -> Safetensors.read(file))
        .isInstanceOf(LeNetException.class)
        .hasMessage(
            file + " has 67108865 bytes, more than any LeNet (67108864): is it the right file?");
  }

  @Test
  void saysWhatToDoWithOtherTypes() throws IOException {
    for (String type : List.of("F16", "BF16", "F64", "I64")) {
      Path file = file(GOOD.replace("F32", type), 12);
      assertThatThrownBy(() -> Safetensors.read(file))
          .isInstanceOf(LeNetException.class)
          .hasMessage(
              file
                  + " has tensor a of type "
                  + type
                  + ", but only F32 is read: convert it first, in PyTorch with .float()");
    }
  }

  @Test
  void writesNothingThatItWouldNotRead() {
    Path file = directory.resolve("t.safetensors");
    int names = "{'__metadata__':{'note':''}}".length();
    Map<String, String> most = Map.of("note", "x".repeat((1 << 24) - names));
    new Safetensors(List.of(), most).write(file);
    assertThat(Safetensors.read(file).metadata()).isEqualTo(most);
    Safetensors larger = new Safetensors(List.of(), Map.of("note", most.get("note") + "x"));
    assertThatThrownBy(() -> larger.write(file))
        .isInstanceOf(LeNetException.class)
        .hasMessage(
            file
                + " was not written: its header has 16777224 bytes, and more than 16777216 are not"
                + " read");
    assertThat(Safetensors.read(file).metadata()).isEqualTo(most);
  }

  @Test
  void refusesEveryTruncation() throws IOException {
    byte[] whole = Files.readAllBytes(file(GOOD, 12));
    Path file = directory.resolve("truncated");
    for (int length = 0; length < whole.length; length++) {
      Files.write(file, Arrays.copyOf(whole, length));
      assertRefused(file, "expected");
    }
  }

  @Test
  void namesWhatIsNoFile() {
    Path missing = directory.resolve("missing");
    assertThatThrownBy(() -> Safetensors.read(missing))
        .isInstanceOf(LeNetException.class)
        .hasMessage(missing + " could not be read: it does not exist");
    assertThatThrownBy(() -> Safetensors.read(directory))
        .isInstanceOf(LeNetException.class)
        .hasMessage(directory + " is not a regular file, expected a safetensors file");
  }

  private static void assertRefused(Path file, String message) {
    assertThatThrownBy(() -> Safetensors.read(file))
        .isInstanceOf(LeNetException.class)
        .hasMessageStartingWith(file + " is not a valid safetensors file: found ")
        .hasMessageContaining(message)
        .satisfies(e -> assertThat(e.getMessage().lines()).hasSize(1));
  }

  private Path file(String header, int data) throws IOException {
    byte[] json = header.getBytes(UTF_8);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(json.length).array());
    out.write(json);
    out.write(new byte[data]);
    return Files.write(directory.resolve("spoilt"), out.toByteArray());
  }
}
