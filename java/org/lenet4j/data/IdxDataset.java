package org.lenet4j.data;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.lenet4j.LeNetException;

/**
 * Data sets in the form of MNIST: a directory with {@code train-images-idx3-ubyte}, {@code
 * train-labels-idx1-ubyte}, {@code t10k-images-idx3-ubyte} and {@code t10k-labels-idx1-ubyte}, each
 * plain or with {@code .gz} added. The spelling {@code train-images.idx3-ubyte} is accepted too;
 * where a file is there more than once, the plain one is read. A split needs only its own two
 * files.
 *
 * <p>Where a directory holds several data sets, as EMNIST's does, their files begin with a name:
 * {@code emnist-letters-train-images-idx3-ubyte} and {@code emnist-letters-test-images-idx3-ubyte}
 * are of the data set {@code emnist-letters}.
 *
 * @since 0.1.0
 */
public final class IdxDataset {
  /** The two halves of such a data set. */
  enum Split {
    TRAIN("train"),
    TEST("t10k");

    private final String prefix;

    Split(String prefix) {
      this.prefix = prefix;
    }

    /** The official name of the file of images. */
    String imagesName() {
      return prefix + "-images-idx3-ubyte";
    }

    /** The official name of the file of labels. */
    String labelsName() {
      return prefix + "-labels-idx1-ubyte";
    }
  }

  private static final Pattern NAMED =
      Pattern.compile("(.+)-(?:train|test|t10k)-(?:images|labels)[-.]idx.*");

  private static final int LISTED = 10;

  private IdxDataset() {}

  /**
   * Reads the training examples.
   *
   * @param directory of the two files
   * @return the examples, to be closed
   * @throws LeNetException if a file is missing, unreadable or malformed
   */
  public static Dataset train(Path directory) {
    return read(directory, Split.TRAIN, "");
  }

  /**
   * Reads the training examples of one of several data sets.
   *
   * @param directory of the two files
   * @param name begins the names of its files, such as {@code emnist-letters}; may be empty
   * @return the examples, to be closed
   * @throws LeNetException if a file is missing, unreadable or malformed
   */
  public static Dataset train(Path directory, String name) {
    return read(directory, Split.TRAIN, name);
  }

  /**
   * Reads the test examples.
   *
   * @param directory of the two files
   * @return the examples, to be closed
   * @throws LeNetException if a file is missing, unreadable or malformed
   */
  public static Dataset test(Path directory) {
    return read(directory, Split.TEST, "");
  }

  /**
   * Reads the test examples of one of several data sets, likewise.
   *
   * @param directory of the two files
   * @param name begins the names of its files; may be empty
   * @return the examples, to be closed
   * @throws LeNetException if a file is missing, unreadable or malformed
   */
  public static Dataset test(Path directory, String name) {
    return read(directory, Split.TEST, name);
  }

  private static Dataset read(Path directory, Split split, String name) {
    Objects.requireNonNull(directory, "directory must not be null");
    Objects.requireNonNull(name, "name must not be null");
    String prefix = name.isEmpty() ? "" : name + "-";
    try (ContentFile images = ContentFile.open(require(directory, prefix + split.imagesName()));
        ContentFile labels = ContentFile.open(require(directory, prefix + split.labelsName()))) {
      return IdxReader.read(images, labels);
    }
  }

  /** The file of this official name in any of its accepted spellings, or an error that lists. */
  static Path require(Path directory, String name) {
    return find(directory, name).orElseThrow(() -> missing(directory, name));
  }

  /** The file of this official name in any of its accepted spellings. */
  static Optional<Path> find(Path directory, String name) {
    return spellings(name).stream().map(directory::resolve).filter(Files::exists).findFirst();
  }

  private static List<String> spellings(String name) {
    // EMNIST's test files are called so.
    String test = name.replaceFirst("t10k-(?=(images|labels)-idx)", "test-");
    return Stream.of(name, test)
        .distinct()
        .flatMap(plain -> Stream.of(plain, plain.replace("-idx", ".idx")))
        .flatMap(plain -> Stream.of(plain, plain + ".gz"))
        .sorted(Comparator.comparing(spelling -> spelling.endsWith(".gz")))
        .toList();
  }

  private static LeNetException missing(Path directory, String name) {
    List<String> held;
    try (Stream<Path> entries = Files.list(directory)) {
      held = entries.map(e -> e.getFileName().toString()).sorted().toList();
    } catch (IOException e) {
      return FileFaults.unreadable(directory, e);
    } catch (UncheckedIOException e) {
      return FileFaults.unreadable(directory, e.getCause());
    }
    String holds =
        held.isEmpty()
            ? "the directory is empty"
            : "the directory holds "
                + held.stream().limit(LISTED).collect(Collectors.joining(", "))
                + (held.size() > LISTED ? " and " + (held.size() - LISTED) + " more" : "");
    List<String> dataSets =
        held.stream()
            .map(NAMED::matcher)
            .filter(Matcher::matches)
            .map(matcher -> matcher.group(1))
            .distinct()
            .toList();
    String remedy =
        dataSets.isEmpty()
            ? "put the file there or name another directory with --data"
            : "choose one of its data sets with --dataset: " + String.join(", ", dataSets);
    return new LeNetException(
        directory
            + ": looked for "
            + String.join(", ", spellings(name))
            + ", but "
            + holds
            + "; "
            + remedy);
  }
}
