package org.lenet4j.data;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.lenet4j.engine.Examples;

/** Bytes of small IDX files, right ones and wrong ones. */
public final class IdxFiles {
  private IdxFiles() {}

  /** Writes a whole data set: the four files under their official names. */
  public static Path write(Path directory, Dataset train, Dataset test) throws IOException {
    Files.createDirectories(directory);
    write(directory, IdxDataset.Split.TRAIN, train);
    write(directory, IdxDataset.Split.TEST, test);
    return directory;
  }

  /** Likewise one that a network can learn, of three classes. */
  public static Path writeBars(Path directory, int train, int test) throws IOException {
    try (Dataset trainBars = Examples.bars(train, 3);
        Dataset testBars = Examples.bars(test, 3)) {
      return write(directory, trainBars, testBars);
    }
  }

  /**
   * Writes a data set as EMNIST has it: its name before the files', packed, images on their sides.
   */
  public static Path writeLikeEmnist(
      Path directory, String name, Dataset train, Dataset test, int firstLabel) throws IOException {
    Files.createDirectories(directory);
    writeLikeEmnist(directory.resolve(name + "-train").toString(), train, firstLabel);
    writeLikeEmnist(directory.resolve(name + "-test").toString(), test, firstLabel);
    return directory;
  }

  private static void writeLikeEmnist(String prefix, Dataset data, int firstLabel) {
    byte[] pixels = new byte[data.size() * Dataset.PIXELS];
    int[] labels = new int[data.size()];
    for (int i = 0; i < labels.length; i++) {
      byte[] image = data.image(i);
      for (int p = 0; p < image.length; p++) {
        pixels[i * Dataset.PIXELS + p % 28 * 28 + p / 28] = image[p];
      }
      labels[i] = data.label(i) + firstLabel;
    }
    write(
        Path.of(prefix + "-images-idx3-ubyte.gz"),
        gzip(concat(header(0x08, 3, data.size(), Dataset.HEIGHT, Dataset.WIDTH), pixels)));
    write(Path.of(prefix + "-labels-idx1-ubyte.gz"), gzip(labels(labels)));
  }

  private static void write(Path directory, IdxDataset.Split split, Dataset data) {
    byte[] pixels = new byte[data.size() * Dataset.PIXELS];
    data.pixels().get(pixels);
    int[] labels = new int[data.size()];
    data.labels().get(labels);
    write(
        directory.resolve(split.imagesName()),
        concat(header(0x08, 3, data.size(), Dataset.HEIGHT, Dataset.WIDTH), pixels));
    write(directory.resolve(split.labelsName()), labels(labels));
  }

  /** A header: 0, 0, type, rank, sizes. */
  static byte[] header(int type, int rank, int... sizes) {
    ByteBuffer header = ByteBuffer.allocate(4 + 4 * sizes.length);
    header.put((byte) 0).put((byte) 0).put((byte) type).put((byte) rank);
    for (int size : sizes) {
      header.putInt(size);
    }
    return header.array();
  }

  /** Images of random pixels, which deflate cannot shrink. */
  static byte[] images(int count) {
    return concat(header(0x08, 3, count, 28, 28), pixels(count));
  }

  static byte[] pixels(int count) {
    byte[] pixels = new byte[count * Dataset.PIXELS];
    new Random(count).nextBytes(pixels);
    return pixels;
  }

  static byte[] labels(int... labels) {
    byte[] bytes = new byte[labels.length];
    for (int i = 0; i < labels.length; i++) {
      bytes[i] = (byte) labels[i];
    }
    return concat(header(0x08, 1, labels.length), bytes);
  }

  static byte[] concat(byte[]... parts) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      out.writeBytes(part);
    }
    return out.toByteArray();
  }

  static byte[] gzip(byte[] content) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(content);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  static Path write(Path file, byte[] bytes) {
    try {
      return Files.write(file, bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
