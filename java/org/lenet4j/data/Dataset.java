package org.lenet4j.data;

import java.nio.ByteBuffer;
import java.nio.IntBuffer;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Objects;
import org.lenet4j.LeNetException;
import org.lenet4j.io.Sha256;

/**
 * Labelled grey images, N x 28 x 28 unsigned bytes (0 black to 255 white), row by row, held
 * off-heap so that native code reads them where they lie.
 *
 * <p>A dataset does not change after it was made and may be used by any number of threads. {@link
 * #close()} drops this object's references; the JVM gives the memory back once no view handed out
 * by {@link #pixels()}, {@link #labels()} or {@link #take(int)} is reachable either. A view
 * therefore never points at freed memory, but {@code close()} does not free anything at once. Every
 * other method of a closed dataset throws {@link IllegalStateException}.
 *
 * @since 0.1.0
 */
public final class Dataset implements AutoCloseable {
  /** Rows of an image. */
  public static final int HEIGHT = 28;

  /** Columns of an image. */
  public static final int WIDTH = 28;

  /** Bytes of one image. */
  public static final int PIXELS = HEIGHT * WIDTH;

  /** Labels lie in 0..MAX_CLASSES-1. */
  public static final int MAX_CLASSES = 1024;

  /** One direct buffer holds all pixels, and its size is an int. */
  static final int MAX_SIZE = Integer.MAX_VALUE / PIXELS;

  private record Storage(ByteBuffer pixels, IntBuffer labels, int classes) {}

  // One volatile reference: a thread sees all of the data or, after close, none of it.
  private volatile Storage storage;

  /**
   * Adopts buffers that are already filled; nobody may write to them afterwards.
   *
   * @param pixels direct, N x 784 bytes from index 0 to its capacity
   * @param labels direct, native byte order, N ints from index 0 to its capacity
   */
  Dataset(ByteBuffer pixels, IntBuffer labels) {
    this(new Storage(pixels, labels, checkedClasses(pixels, labels)));
  }

  private Dataset(Storage storage) {
    this.storage = storage;
  }

  /**
   * Copies images and labels off-heap.
   *
   * @param pixels N x 28 x 28, unsigned
   * @param labels N class numbers, each in 0..1023
   * @return a dataset that no longer needs the arrays
   * @throws LeNetException if there is no example, the lengths disagree or a label is out of range
   */
  public static Dataset of(byte[] pixels, int[] labels) {
    Objects.requireNonNull(pixels, "pixels must not be null");
    Objects.requireNonNull(labels, "labels must not be null");
    checkLengths(pixels.length, labels.length);
    return new Dataset(
        OffHeap.bytes(pixels.length).put(0, pixels), OffHeap.ints(labels.length).put(0, labels));
  }

  private static int checkedClasses(ByteBuffer pixels, IntBuffer labels) {
    int size = labels.capacity();
    checkLengths(pixels.capacity(), size);
    int largest = 0;
    for (int i = 0; i < size; i++) {
      int label = labels.get(i);
      if (label < 0 || label >= MAX_CLASSES) {
        throw new LeNetException(
            "label "
                + i
                + " of the dataset is "
                + label
                + ", expected 0 to "
                + (MAX_CLASSES - 1)
                + "; renumber the classes");
      }
      largest = Math.max(largest, label);
    }
    return largest + 1;
  }

  private static void checkLengths(int pixels, int labels) {
    if (labels == 0) {
      throw new LeNetException("the dataset has no examples; give at least one image and label");
    }
    long expected = (long) labels * PIXELS;
    if (pixels != expected) {
      throw new LeNetException(
          "the dataset has "
              + pixels
              + " pixels for "
              + labels
              + " labels, expected "
              + expected
              + "; every label needs one image of "
              + HEIGHT
              + "x"
              + WIDTH);
    }
  }

  private Storage open() {
    Storage current = storage;
    if (current == null) {
      throw new IllegalStateException("this dataset is closed; load it again to use it");
    }
    return current;
  }

  /** {@return the number of examples, N; at least 1} */
  public int size() {
    return open().labels.capacity();
  }

  /**
   * {@return the largest label + 1} A subset made by {@link #take(int)} keeps the number of the
   * whole.
   */
  public int classes() {
    return open().classes;
  }

  /**
   * {@return the class number of an example}
   *
   * @param i which one, from 0
   * @throws IndexOutOfBoundsException unless {@code 0 <= i < size()}
   */
  public int label(int i) {
    Storage s = open();
    return s.labels.get(Objects.checkIndex(i, s.labels.capacity()));
  }

  /**
   * {@return a copy of an image, [28][28] row by row, unsigned}
   *
   * @param i which one, from 0
   * @throws IndexOutOfBoundsException unless {@code 0 <= i < size()}
   */
  public byte[] image(int i) {
    return images(i, 1);
  }

  /**
   * {@return a copy of some images in a row, [count][28][28] row by row, unsigned}
   *
   * @param i the first one, from 0
   * @param count how many, at least 0
   * @throws IndexOutOfBoundsException unless these are examples of the dataset
   */
  public byte[] images(int i, int count) {
    Storage s = open();
    Objects.checkFromIndexSize(i, count, s.labels.capacity());
    byte[] images = new byte[count * PIXELS];
    s.pixels.get(i * PIXELS, images);
    return images;
  }

  /**
   * {@return all pixels, [N][28][28] unsigned: a direct, read-only view of its own position and
   * limit}
   */
  public ByteBuffer pixels() {
    return open().pixels.asReadOnlyBuffer().clear();
  }

  /** {@return all labels, [N]: a direct, read-only view of its own position and limit} */
  public IntBuffer labels() {
    return open().labels.asReadOnlyBuffer().clear();
  }

  /**
   * The first n examples, or all of them if there are fewer. The result shares this dataset's
   * memory and is closed on its own: closing either leaves the other usable.
   *
   * @param n how many, at least 1
   * @return a dataset of its own
   * @throws LeNetException if n is less than 1
   */
  public Dataset take(int n) {
    Storage s = open();
    if (n < 1) {
      throw new LeNetException(
          n + " examples of a dataset were asked for, expected at least 1; ask for more");
    }
    int kept = Math.min(n, s.labels.capacity());
    return new Dataset(
        new Storage(
            s.pixels.slice(0, kept * PIXELS),
            // A slice of an IntBuffer keeps its byte order; one of a ByteBuffer would not.
            s.labels.slice(0, kept),
            s.classes));
  }

  /**
   * A copy of some examples, in the order given; their number of classes stays that of the whole.
   *
   * @param indices of examples, at least one; an example may be there more than once
   * @return a dataset of its own
   * @throws IndexOutOfBoundsException unless each is at least 0 and below size()
   * @throws LeNetException if there is no index, or more than a dataset holds (2,739,137)
   */
  public Dataset select(int[] indices) {
    Objects.requireNonNull(indices, "indices must not be null");
    Storage s = open();
    if (indices.length < 1 || indices.length > MAX_SIZE) {
      throw new LeNetException(
          "%d examples of a dataset were asked for, expected 1 to %d"
              .formatted(indices.length, MAX_SIZE));
    }
    ByteBuffer pixels = OffHeap.bytes(indices.length * PIXELS);
    IntBuffer labels = OffHeap.ints(indices.length);
    for (int i = 0; i < indices.length; i++) {
      int from = Objects.checkIndex(indices[i], s.labels.capacity());
      pixels.put(i * PIXELS, s.pixels, from * PIXELS, PIXELS);
      labels.put(i, s.labels.get(from));
    }
    return new Dataset(new Storage(pixels, labels, s.classes));
  }

  /**
   * A copy with rows and columns of every image exchanged: EMNIST's images lie on their sides.
   *
   * @return a dataset of its own
   */
  public Dataset transposed() {
    Storage s = open();
    ByteBuffer pixels = OffHeap.bytes(s.pixels.capacity());
    for (int start = 0; start < pixels.capacity(); start += PIXELS) {
      for (int y = 0; y < HEIGHT; y++) {
        for (int x = 0; x < WIDTH; x++) {
          pixels.put(start + y * WIDTH + x, s.pixels.get(start + x * WIDTH + y));
        }
      }
    }
    return new Dataset(new Storage(pixels, s.labels, s.classes));
  }

  /**
   * The same images with their classes renumbered; the result has all the map's classes.
   *
   * @param map gives each label its class
   * @return a dataset of its own, which shares the memory of the images
   * @throws LeNetException if the map lacks a label
   */
  public Dataset relabelled(LabelMap map) {
    Objects.requireNonNull(map, "map must not be null");
    Storage s = open();
    IntBuffer labels = OffHeap.ints(s.labels.capacity());
    for (int i = 0; i < labels.capacity(); i++) {
      labels.put(i, map.classOf(s.labels.get(i)));
    }
    return new Dataset(new Storage(s.pixels, labels, map.names().size()));
  }

  /**
   * {@return the SHA-256 of all pixels and then all labels, each label as four bytes, the highest
   * first; 64 hexadecimal digits}
   */
  public String sha256() {
    Storage s = open();
    MessageDigest digest = Sha256.newDigest();
    digest.update(s.pixels.duplicate().clear());
    ByteBuffer labels = ByteBuffer.allocate(Math.multiplyExact(s.labels.capacity(), 4));
    labels.asIntBuffer().put(s.labels.duplicate().clear());
    digest.update(labels);
    return HexFormat.of().formatHex(digest.digest());
  }

  /** Drops the references to the off-heap memory; further calls do nothing. */
  @Override
  public void close() {
    storage = null;
  }

  @Override
  public String toString() {
    Storage s = storage;
    return s == null
        ? "Dataset[closed]"
        : "Dataset["
            + s.labels.capacity()
            + " images of "
            + HEIGHT
            + "x"
            + WIDTH
            + ", "
            + s.classes
            + " classes]";
  }
}
