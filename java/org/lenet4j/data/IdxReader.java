package org.lenet4j.data;

import java.nio.ByteBuffer;
import java.nio.IntBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.lenet4j.LeNetException;

/**
 * Reads the IDX format of MNIST and its relatives: two zero bytes, a type code, the rank, one
 * big-endian unsigned 32-bit size per dimension, then the elements, big-endian.
 *
 * <p>Images are unsigned bytes, [N][28][28]. Labels, [N], are unsigned bytes, or 16- or 32-bit
 * integers for data sets of more than 256 classes. No memory for the elements is allocated before
 * the sizes in the header are known to be possible for a file of this size.
 */
final class IdxReader {
  private static final int UNSIGNED_BYTE = 0x08;
  private static final int SHORT = 0x0b;
  private static final int INT = 0x0c;
  private static final Map<Integer, String> TYPES =
      Map.of(
          UNSIGNED_BYTE,
          "unsigned bytes",
          0x09,
          "signed bytes",
          SHORT,
          "16-bit integers",
          INT,
          "32-bit integers",
          0x0d,
          "32-bit floats",
          0x0e,
          "64-bit floats");
  private static final int MAX_EXTENT = 4096;
  private static final String CHECK_FILES =
      "check that this is the right file and that images and labels are not swapped";

  private IdxReader() {}

  /** Reads both files to their ends; they must hold equally many examples. */
  static Dataset read(ContentFile images, ContentFile labels) {
    IntBuffer labelValues = labels(labels);
    return new Dataset(
        images(images, labelValues.capacity(), labels.path().toString()), labelValues);
  }

  /** Reads a file of images alone, all of one size up to MAX_EXTENT, to its end. */
  static List<GreyImage> images(ContentFile in) {
    long[] dimensions = imageDimensions(in);
    for (int i = 1; i < dimensions.length; i++) {
      if (dimensions[i] < 1 || dimensions[i] > MAX_EXTENT) {
        throw wrongExtent(in, i, dimensions[i], "1 to " + MAX_EXTENT);
      }
    }
    int height = (int) dimensions[1];
    int width = (int) dimensions[2];
    int count = count(in, "images", 16, height * width, dimensions[0]);
    List<GreyImage> images = new ArrayList<>();
    byte[] pixels = new byte[height * width];
    for (int i = 0; i < count; i++) {
      in.readFully(ByteBuffer.wrap(pixels), count + " images of " + pixels.length + " bytes");
      images.add(GreyImage.of(pixels, width, height));
    }
    in.expectEnd();
    return images;
  }

  private static ByteBuffer images(ContentFile in, int labelCount, String labelFile) {
    long[] dimensions = imageDimensions(in);
    for (int i = 1; i < dimensions.length; i++) {
      int expected = i == 1 ? Dataset.HEIGHT : Dataset.WIDTH;
      if (dimensions[i] != expected) {
        throw wrongExtent(in, i, dimensions[i], Integer.toString(expected));
      }
    }
    int count = count(in, "images", 16, Dataset.PIXELS, dimensions[0]);
    if (count != labelCount) {
      throw FileFaults.malformed(
          in.path(),
          in.where(4),
          count + " images",
          labelCount + ", the number of labels in " + labelFile,
          "use images and labels of the same data set");
    }
    ByteBuffer pixels = OffHeap.bytes(count * Dataset.PIXELS);
    in.readFully(pixels, count + " images of " + Dataset.PIXELS + " bytes");
    in.expectEnd();
    return pixels;
  }

  private static long[] imageDimensions(ContentFile in) {
    int type = startHeader(in, "images", 3);
    if (type != UNSIGNED_BYTE) {
      throw wrongType(in, type, "images as 0x08 (unsigned bytes)");
    }
    return dimensions(in, 3);
  }

  private static LeNetException wrongExtent(
      ContentFile in, int dimension, long found, String expected) {
    return FileFaults.malformed(
        in.path(),
        in.where(4 + 4L * dimension),
        (dimension == 1 ? "images of height " : "images of width ") + found,
        expected,
        "scale the images to 28x28");
  }

  private static IntBuffer labels(ContentFile in) {
    int type = startHeader(in, "labels", 1);
    int width;
    switch (type) {
      case UNSIGNED_BYTE -> width = 1;
      case SHORT -> width = Short.BYTES;
      case INT -> width = Integer.BYTES;
      default ->
          throw wrongType(in, type, "labels as 0x08 (unsigned bytes), 0x0b or 0x0c (integers)");
    }
    int count = count(in, "labels", 8, width, dimensions(in, 1)[0]);
    ByteBuffer raw = ByteBuffer.allocate(count * width);
    in.readFully(raw, count + " labels of " + width + " bytes");
    in.expectEnd();
    IntBuffer labels = OffHeap.ints(count);
    for (int i = 0; i < count; i++) {
      int label =
          switch (width) {
            case 1 -> raw.get(i) & 0xff;
            case Short.BYTES -> raw.getShort(i * width);
            default -> raw.getInt(i * width);
          };
      if (label < 0 || label >= Dataset.MAX_CLASSES) {
        throw FileFaults.malformed(
            in.path(),
            in.where(8 + (long) i * width),
            "label " + label,
            "0 to " + (Dataset.MAX_CLASSES - 1),
            "renumber the classes");
      }
      labels.put(i, label);
    }
    return labels;
  }

  /** Reads the first four bytes; returns the type code. */
  private static int startHeader(ContentFile in, String what, int rank) {
    ByteBuffer start = ByteBuffer.allocate(4);
    in.readFully(start, "the 4 bytes that start an IDX file");
    if (start.getShort(0) != 0) {
      throw FileFaults.malformed(
          in.path(),
          in.where(0),
          String.format("0x%04x", start.getShort(0)),
          "0x0000, the start of an IDX file",
          CHECK_FILES);
    }
    int type = start.get(2) & 0xff;
    if (!TYPES.containsKey(type)) {
      throw wrongType(in, type, "an IDX type");
    }
    int foundRank = start.get(3) & 0xff;
    if (foundRank != rank) {
      throw FileFaults.malformed(
          in.path(),
          in.where(3),
          "rank " + foundRank,
          "rank " + rank + " for " + what,
          CHECK_FILES);
    }
    return type;
  }

  private static LeNetException wrongType(ContentFile in, int type, String expected) {
    return FileFaults.malformed(
        in.path(),
        in.where(2),
        String.format("type code 0x%02x (%s)", type, TYPES.getOrDefault(type, "unknown")),
        expected,
        CHECK_FILES);
  }

  private static long[] dimensions(ContentFile in, int rank) {
    ByteBuffer sizes = ByteBuffer.allocate(rank * Integer.BYTES);
    in.readFully(sizes, "a header of " + (4 + sizes.capacity()) + " bytes");
    long[] dimensions = new long[rank];
    for (int i = 0; i < rank; i++) {
      dimensions[i] = Integer.toUnsignedLong(sizes.getInt(i * Integer.BYTES));
    }
    return dimensions;
  }

  /** The number of examples, once it is known to fit the file. */
  private static int count(
      ContentFile in, String what, int headerBytes, int bytesEach, long count) {
    if (count < 1 || count > Dataset.MAX_SIZE) {
      throw FileFaults.malformed(
          in.path(),
          in.where(4),
          count + " " + what,
          "1 to " + Dataset.MAX_SIZE,
          "use a data set of that many examples");
    }
    long bytes = headerBytes + count * bytesEach;
    if (bytes > in.maxContent()) {
      if (!in.compressed()) {
        throw in.truncated(in.fileSize(), count + " " + what + ", a file of " + bytes + " bytes");
      }
      throw FileFaults.malformed(
          in.path(),
          in.where(4),
          count + " " + what + " (" + bytes + " bytes)",
          "at most "
              + in.maxContent()
              + " bytes, as "
              + in.fileSize()
              + " compressed bytes cannot hold more",
          "the file is damaged, so fetch it again");
    }
    return (int) count;
  }
}
