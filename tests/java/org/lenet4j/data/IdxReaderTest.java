package org.lenet4j.data;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.lenet4j.data.IdxFiles.concat;
import static org.lenet4j.data.IdxFiles.gzip;
import static org.lenet4j.data.IdxFiles.header;
import static org.lenet4j.data.IdxFiles.images;
import static org.lenet4j.data.IdxFiles.labels;
import static org.lenet4j.data.IdxFiles.pixels;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.IntBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lenet4j.LeNetException;

class IdxReaderTest {
  private static final byte[] TWO_IMAGES = images(2);
  private static final byte[] TWO_LABELS = labels(4, 9);

  /** One image of two shades: small for sweeps over all bytes, yet Huffman-coded in gzip. */
  private static final byte[] ONE_IMAGE = concat(header(0x08, 3, 1, 28, 28), twoShades());

  @TempDir Path dir;
  private Path images;
  private Path labels;

  @BeforeEach
  void writeGoodFiles() {
    images = IdxFiles.write(dir.resolve("images"), TWO_IMAGES);
    labels = IdxFiles.write(dir.resolve("labels"), TWO_LABELS);
  }

  private Dataset read() {
    try (ContentFile x = ContentFile.open(images);
        ContentFile y = ContentFile.open(labels)) {
      return IdxReader.read(x, y);
    }
  }

  private static byte[] twoShades() {
    byte[] shades = pixels(1);
    for (int i = 0; i < shades.length; i++) {
      shades[i] = (byte) (shades[i] < 0 ? 200 : 20);
    }
    return shades;
  }

  private void assertReadsTheTwo() {
    try (Dataset data = read()) {
      assertThat(data.pixels()).isEqualTo(ByteBuffer.wrap(pixels(2)));
      assertThat(data.labels()).isEqualTo(IntBuffer.wrap(new int[] {4, 9}));
      assertThat(data.classes()).isEqualTo(10);
    }
  }

  private String failure() {
    return assertThatExceptionOfType(LeNetException.class)
        .isThrownBy(() -> read().close())
        .actual()
        .getMessage();
  }

  @Test
  void readsPlainFiles() {
    assertReadsTheTwo();
  }

  @Test
  void recognisesGzipByContent() {
    IdxFiles.write(images, gzip(TWO_IMAGES));
    IdxFiles.write(labels, gzip(TWO_LABELS));
    assertReadsTheTwo();
  }

  @Test
  void readsWideLabels() {
    IdxFiles.write(labels, concat(header(0x0b, 1, 2), new byte[] {3, (byte) 0xff, 0, 5}));
    try (Dataset data = read()) {
      assertThat(data.labels()).isEqualTo(IntBuffer.wrap(new int[] {1023, 5}));
    }
    IdxFiles.write(labels, concat(header(0x0c, 1, 2), new byte[] {0, 0, 1, 2, 0, 0, 0, 7}));
    try (Dataset data = read()) {
      assertThat(data.labels()).isEqualTo(IntBuffer.wrap(new int[] {258, 7}));
    }
  }

  @Test
  void unsignedLabelsStayUnsigned() {
    IdxFiles.write(labels, labels(255, 128));
    try (Dataset data = read()) {
      assertThat(data.labels()).isEqualTo(IntBuffer.wrap(new int[] {255, 128}));
    }
  }

  /** A file that must be refused, and what the message must say besides the file's name. */
  record Fault(String name, boolean inImages, byte[] content, String... parts) {
    @Override
    public String toString() {
      return name;
    }
  }

  private static Fault image(String name, byte[] content, String... parts) {
    return new Fault("images: " + name, true, content, parts);
  }

  private static Fault label(String name, byte[] content, String... parts) {
    return new Fault("labels: " + name, false, content, parts);
  }

  static Stream<Fault> faults() {
    byte[] two = pixels(2);
    return Stream.of(
        image("empty", new byte[0], "byte 0", "end of the file", "4 bytes"),
        image("text", "<html>not found".getBytes(UTF_8), "byte 0", "0x3c68", "0x0000"),
        image("type unknown", concat(header(0x07, 3, 2, 28, 28), two), "byte 2", "0x07", "unknown"),
        image("signed", concat(header(0x09, 3, 2, 28, 28), two), "byte 2", "0x09", "signed bytes"),
        image("floats", concat(header(0x0d, 3, 2, 28, 28), two), "byte 2", "0x0d", "0x08"),
        image("labels instead", TWO_LABELS, "byte 3", "rank 1", "rank 3", "swapped"),
        image("rank 4", header(0x08, 4, 2, 28, 28, 1), "byte 3", "rank 4", "rank 3"),
        image("short header", Arrays.copyOf(TWO_IMAGES, 15), "byte 15", "header of 16 bytes"),
        image("height", concat(header(0x08, 3, 2, 32, 28), two), "byte 8", "height 32", "28"),
        image("width", concat(header(0x08, 3, 2, 28, 1), two), "byte 12", "width 1", "28"),
        image("none", header(0x08, 3, 0, 28, 28), "byte 4", "0 images", "1 to"),
        image("one more than labels", images(3), "byte 4", "3 images", "2, the number of labels"),
        image("one less than labels", images(1), "byte 4", "1 images", "2, the number of labels"),
        image("4 billion", concat(header(0x08, 3, -1, 28, 28), two), "byte 4", "4294967295 images"),
        image(
            "2 GB",
            concat(header(0x08, 3, Dataset.MAX_SIZE, 28, 28), two),
            "byte 1584",
            "2739137 images",
            "2147483424 bytes",
            "truncated"),
        image(
            "2 GB in gzip",
            gzip(concat(header(0x08, 3, Dataset.MAX_SIZE, 28, 28), two)),
            "byte 4 of the uncompressed content",
            "2739137 images",
            "compressed bytes cannot hold more"),
        image("trailing byte", concat(TWO_IMAGES, new byte[1]), "byte 1584", "found more bytes"),
        image(
            "trailing byte in gzip",
            gzip(concat(TWO_IMAGES, new byte[1])),
            "byte 1584 of the uncompressed content",
            "found more bytes"),
        image(
            "cut before packing",
            gzip(Arrays.copyOf(TWO_IMAGES, 1000)),
            "byte 1000 of the uncompressed content",
            "end of the file",
            "2 images of 784 bytes"),
        image(
            "garbage after gzip",
            concat(gzip(TWO_IMAGES), "garbage".getBytes(UTF_8)),
            "byte " + gzip(TWO_IMAGES).length + " of the compressed file",
            "after the end of the gzip data"),
        image(
            "one byte after gzip",
            concat(gzip(TWO_IMAGES), new byte[1]),
            "of the compressed file",
            "end of the file"),
        image(
            "further gzip member",
            concat(gzip(TWO_IMAGES), gzip(new byte[1])),
            "byte 1584 of the uncompressed content",
            "found more bytes"),
        image("gzip method", edit(gzip(TWO_IMAGES), 2, 7), "byte 2 of", "compression method 7"),
        image("gzip flags", edit(gzip(TWO_IMAGES), 3, 0x80), "byte 3 of", "reserved gzip flags"),
        image("deflate", edit(gzip(TWO_IMAGES), 10, 0xff), "damaged deflate", "block type"),
        image("checksum", editFromEnd(gzip(TWO_IMAGES), 8), "gzip content checksum"),
        image("size", editFromEnd(gzip(TWO_IMAGES), 1), "gzip content size"),
        label("empty", new byte[0], "byte 0", "end of the file"),
        label("images instead", TWO_IMAGES, "byte 3", "rank 3", "rank 1", "swapped"),
        label("floats", concat(header(0x0d, 1, 2), new byte[8]), "byte 2", "0x0d", "0x0b or 0x0c"),
        label("short header", header(0x08, 1), "byte 4", "header of 8 bytes"),
        label("none", header(0x08, 1, 0), "byte 4", "0 labels", "1 to"),
        label("4 billion", header(0x08, 1, -1), "byte 4", "4294967295 labels"),
        label("cut", concat(header(0x08, 1, 3), new byte[2]), "byte 10", "3 labels", "11 bytes"),
        label("trailing byte", concat(TWO_LABELS, new byte[1]), "byte 10", "found more bytes"),
        label(
            "1024",
            concat(header(0x0b, 1, 2), new byte[] {0, 1, 4, 0}),
            "byte 10",
            "label 1024",
            "0 to 1023"),
        label(
            "negative",
            concat(header(0x0c, 1, 2), new byte[] {-1, -1, -1, -1, 0, 0, 0, 0}),
            "byte 8",
            "label -1",
            "0 to 1023"));
  }

  private static byte[] edit(byte[] bytes, int at, int value) {
    bytes[at] = (byte) value;
    return bytes;
  }

  private static byte[] editFromEnd(byte[] bytes, int fromEnd) {
    bytes[bytes.length - fromEnd] ^= 1;
    return bytes;
  }

  @ParameterizedTest
  @MethodSource("faults")
  void namesFileOffsetFoundAndExpected(Fault fault) {
    Path file = IdxFiles.write(fault.inImages() ? images : labels, fault.content());
    assertThat(failure())
        .startsWith(file + ": ")
        .contains("found ", "expected ")
        .contains(fault.parts())
        .doesNotEndWith(".")
        .doesNotContain("\n");
  }

  @Test
  void refusesToAllocateOnAPromise() {
    // A hundred megabytes are promised by a few bytes; only a buffer for gzip input may come.
    long before = directBytes();
    for (byte[] promise :
        List.of(header(0x08, 3, 130_000, 28, 28), gzip(header(0x08, 3, 130_000, 28, 28)))) {
      IdxFiles.write(images, promise);
      IdxFiles.write(labels, gzip(concat(header(0x08, 1, 130_000), new byte[130_000])));
      assertThat(failure()).startsWith(images + ": ").contains("130000 images");
    }
    assertThat(directBytes() - before).isLessThan(8 << 20);
  }

  private static long directBytes() {
    return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
        .filter(pool -> pool.getName().equals("direct"))
        .mapToLong(BufferPoolMXBean::getTotalCapacity)
        .sum();
  }

  @Test
  void aPlainFileCutAnywhereIsRefused() throws IOException {
    cutEverywhere(labels, TWO_LABELS, length -> ": found the end");
    IdxFiles.write(labels, labels(4));
    cutEverywhere(images, ONE_IMAGE, length -> ": found the end");
  }

  /** From the longest to the shortest, as cutting a file is faster than writing it anew. */
  private void cutEverywhere(Path file, byte[] content, IntFunction<String> expected)
      throws IOException {
    IdxFiles.write(file, content);
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      for (int length = content.length - 1; length >= 0; length--) {
        channel.truncate(length);
        assertThat(failure())
            .startsWith(file + ": byte " + length + expected.apply(length))
            .contains("found the end");
      }
    }
  }

  @Test
  void aGzipFileCutAnywhereIsRefused() throws IOException {
    IdxFiles.write(labels, labels(4));
    // One byte is no gzip magic yet, so it is taken for the start of a plain file.
    cutEverywhere(
        images, gzip(ONE_IMAGE), length -> length < 2 ? ": found" : " of the compressed file");
  }

  @ParameterizedTest
  @ValueSource(ints = {0x01, 0xff})
  void aDamagedByteIsFoundOrHarmless(int mask) {
    IdxFiles.write(labels, labels(4));
    byte[] packed = gzip(ONE_IMAGE);
    int harmless = 0;
    for (int i = 0; i < packed.length; i++) {
      byte[] damaged = packed.clone();
      damaged[i] ^= (byte) mask;
      IdxFiles.write(images, damaged);
      try (Dataset data = read()) {
        assertThat(data.pixels()).isEqualTo(ByteBuffer.wrap(twoShades()));
        harmless++;
      } catch (LeNetException e) {
        assertThat(e).hasMessageStartingWith(images + ": ");
      }
    }
    // Time (4), extra flags and system mean nothing here, nor does the lowest flag, "is text".
    assertThat(harmless).isEqualTo(mask == 0x01 ? 7 : 6);
  }

  @Test
  void readsEveryOptionalFieldOfAGzipHeader() throws IOException {
    // Extra field, name, comment and header checksum (RFC 1952, flags 2 + 4 + 8 + 16).
    ByteArrayOutputStream header = new ByteArrayOutputStream();
    header.write(new byte[] {0x1f, (byte) 0x8b, 8, 2 + 4 + 8 + 16, 1, 2, 3, 4, 0, 3});
    header.write(new byte[] {5, 0, 'e', 'x', 0, 'r', 'a'});
    header.write("name\0comment\0".getBytes(UTF_8));
    CRC32 crc = new CRC32();
    crc.update(header.toByteArray());
    byte[] sum = {(byte) crc.getValue(), (byte) (crc.getValue() >> 8)};
    byte[] member = gzip(TWO_IMAGES);
    byte[] body = Arrays.copyOfRange(member, 10, member.length);
    IdxFiles.write(images, concat(header.toByteArray(), sum, body));
    assertReadsTheTwo();
    sum[1] ^= 1;
    IdxFiles.write(images, concat(header.toByteArray(), sum, body));
    assertThat(failure()).contains("gzip header checksum");
  }

  @Test
  void readsContentInSeveralGzipMembers() {
    IdxFiles.write(
        images,
        concat(
            gzip(Arrays.copyOf(TWO_IMAGES, 7)),
            gzip(new byte[0]),
            gzip(Arrays.copyOfRange(TWO_IMAGES, 7, TWO_IMAGES.length)),
            gzip(new byte[0])));
    assertReadsTheTwo();
  }

  @Test
  void readsTheDensestGzip() {
    // All zero, packed as densely as deflate can: the bound on the content must not refuse it.
    int count = 1000;
    byte[] content = concat(header(0x08, 3, count, 28, 28), new byte[count * 784]);
    Deflater deflater = new Deflater(Deflater.BEST_COMPRESSION, true);
    deflater.setInput(content);
    deflater.finish();
    byte[] deflated = new byte[content.length];
    int length = deflater.deflate(deflated);
    deflater.end();
    assertThat(content.length / length).isGreaterThan(900);
    IdxFiles.write(images, gzip(content));
    IdxFiles.write(labels, labels(new int[count]));
    try (Dataset data = read()) {
      assertThat(data.size()).isEqualTo(count);
    }
  }

  @Test
  void everyFileErrorNamesTheFile() throws IOException {
    images = dir.resolve("missing");
    assertThat(failure()).startsWith(images + " could not be read: it does not exist");
    images = Files.createDirectory(dir.resolve("directory"));
    assertThat(failure()).startsWith(images + " could not be read: it is not a regular file");
  }

  @Test
  void anUnreadableFileIsNamed() {
    Assumptions.assumeTrue(
        images.toFile().setReadable(false) && !Files.isReadable(images),
        "the superuser reads everything");
    assertThat(failure()).startsWith(images + " could not be read: permission denied");
  }

  @Test
  void theHashOfTheContentIsChecked() {
    String right = ContentFile.sha256(images, TWO_IMAGES.length);
    IdxFiles.write(images, gzip(TWO_IMAGES));
    assertThat(ContentFile.sha256(images, TWO_IMAGES.length)).isEqualTo(right);
    assertThat(ContentFile.sha256(images, TWO_IMAGES.length - 1)).isEqualTo(right);
    for (String expected : List.of(right, right.replace(right.charAt(0), 'x'))) {
      try (ContentFile x = ContentFile.openVerified(images, expected);
          ContentFile y = ContentFile.open(labels)) {
        if (expected.equals(right)) {
          IdxReader.read(x, y).close();
        } else {
          assertThatExceptionOfType(LeNetException.class)
              .isThrownBy(() -> IdxReader.read(x, y))
              .withMessageContainingAll(images.toString(), "SHA-256", right, expected);
        }
      }
    }
  }
}
