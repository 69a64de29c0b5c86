package org.lenet4j.data;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.io.TempDir;
import org.lenet4j.LeNetException;

/**
 * Whatever the bytes of a data set or a picture are: it is read, or refused with a {@link
 * LeNetException}. Without more ado the tests run over their corpus in tests/resources; with
 * JAZZER_FUZZ=1 and -Dtest=DataFuzzTest#METHOD they look for new inputs.
 */
class DataFuzzTest {
  @TempDir private static Path directory;

  /** Images and labels, either of them plain or as gzip. */
  @FuzzTest(maxDuration = "20s")
  void idx(FuzzedDataProvider data) throws IOException {
    write(
        IdxDataset.Split.TEST.labelsName(),
        data.consumeBoolean(),
        data.consumeBytes(data.consumeInt(0, 16)));
    write(
        IdxDataset.Split.TEST.imagesName(), data.consumeBoolean(), data.consumeRemainingAsBytes());
    try (Dataset dataset = IdxDataset.test(directory)) {
      dataset.image(dataset.size() - 1);
    } catch (LeNetException e) {
      // As it should be.
    }
  }

  /** Bytes that themselves are, or are not, gzip. */
  @FuzzTest(maxDuration = "20s")
  void gzip(byte[] data) throws IOException {
    read(data, file -> ContentFile.sha256(file, 1 << 20));
  }

  @FuzzTest(maxDuration = "20s")
  void picture(byte[] data) throws IOException {
    read(data, GreyImage::read);
  }

  @FuzzTest(maxDuration = "20s")
  void labelMap(byte[] data) throws IOException {
    read(data, file -> LabelMap.read(file).names());
  }

  private static void read(byte[] data, Consumer<Path> reader) throws IOException {
    Path file = directory.resolve("content");
    Files.write(file, data);
    try {
      reader.accept(file);
    } catch (LeNetException e) {
      // As it should be.
    }
  }

  private static void write(String name, boolean compressed, byte[] content) throws IOException {
    byte[] bytes = content;
    if (compressed) {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
        gzip.write(content);
      }
      bytes = out.toByteArray();
    }
    Files.write(directory.resolve(name), bytes);
  }
}
