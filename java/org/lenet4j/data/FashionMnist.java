package org.lenet4j.data;

import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;
import org.lenet4j.LeNetException;
import org.lenet4j.io.CacheDirectory;

/**
 * The Fashion-MNIST data (Zalando Research, MIT licence): 60,000 training and 10,000 test images of
 * clothes, 28 x 28 grey, in ten classes.
 *
 * <p>The data is looked for in this order: the directory given in the options, which may hold any
 * IDX data set and is not checked further; {@code fashion-mnist/} in the user's cache; Debian's
 * {@code /usr/share/datasets/fashion-mnist}; and else it is downloaded (30 MB) into the cache. The
 * cache is {@code $LENET4J_CACHE}, else the system property {@code lenet4j.cache}, else {@code
 * $XDG_CACHE_HOME/lenet4j}, else {@code ~/.cache/lenet4j}. What is read from anywhere but an
 * explicit directory must have the SHA-256 of the original data; the check costs about a tenth of a
 * second at loading.
 *
 * <p>The system property {@code lenet4j.offline=true} forbids every download.
 *
 * @since 0.1.0
 */
public final class FashionMnist {
  private static final Path SYSTEM_DIRECTORY = Path.of("/usr/share/datasets/fashion-mnist");
  private static final List<URI> MIRRORS =
      List.of(
          URI.create(
              "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/"),
          URI.create("https://storage.googleapis.com/tensorflow/tf-keras-datasets/"));
  private static final List<String> LABELS =
      List.of(
          "T-shirt/top",
          "Trouser",
          "Pullover",
          "Dress",
          "Coat",
          "Sandal",
          "Shirt",
          "Sneaker",
          "Bag",
          "Ankle boot");

  /** The four files; sizes and hashes are those of the uncompressed content. */
  private enum File {
    TRAIN_IMAGES(
        IdxDataset.Split.TRAIN.imagesName(),
        "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        47_040_016),
    TRAIN_LABELS(
        IdxDataset.Split.TRAIN.labelsName(),
        "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        60_008),
    TEST_IMAGES(
        IdxDataset.Split.TEST.imagesName(),
        "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        7_840_016),
    TEST_LABELS(
        IdxDataset.Split.TEST.labelsName(),
        "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
        10_008);

    private final String name;
    private final String sha256;
    private final long contentBytes;

    File(String name, String sha256, long contentBytes) {
      this.name = name;
      this.sha256 = sha256;
      this.contentBytes = contentBytes;
    }

    private Downloader.RemoteFile remote() {
      return new Downloader.RemoteFile(name + ".gz", sha256, contentBytes);
    }
  }

  /**
   * Where the data may come from.
   *
   * @param directory the only place to look in, if present
   * @param cache the user's cache; files lie in {@code fashion-mnist/} below it
   * @param offline never download; the system property {@code lenet4j.offline=true} does the same
   * @param mirrors HTTPS addresses of folders that hold the four .gz files, tried in order
   * @param listener hears how downloads proceed
   * @since 0.1.0
   */
  public record Options(
      Optional<Path> directory,
      Path cache,
      boolean offline,
      List<URI> mirrors,
      DownloadListener listener) {
    /**
     * Copies the mirrors.
     *
     * @throws LeNetException if there are none
     */
    public Options {
      Objects.requireNonNull(mirrors, "mirrors must not be null");
      Objects.requireNonNull(directory, "directory must not be null");
      Objects.requireNonNull(cache, "cache must not be null");
      Objects.requireNonNull(listener, "listener must not be null");
      if (mirrors.isEmpty()) {
        throw new LeNetException(
            "the list of mirrors is empty; name one, or forbid downloads with offline mode");
      }
      // Without the slash, resolving a file's name would replace the last folder.
      mirrors =
          List.copyOf(mirrors).stream()
              .map(m -> m.toString().endsWith("/") ? m : URI.create(m + "/"))
              .toList();
    }

    /**
     * {@return options with no explicit directory, the user's cache, and downloads allowed from the
     * known mirrors}
     */
    public static Options defaults() {
      return new Options(
          Optional.empty(), CacheDirectory.ofUser(), false, MIRRORS, DownloadListener.SILENT);
    }

    /**
     * Names the only place to look in.
     *
     * @param directory of IDX files
     * @return options that differ in this alone
     */
    public Options withDirectory(Path directory) {
      Objects.requireNonNull(directory, "directory must not be null");
      return new Options(Optional.of(directory), cache, offline, mirrors, listener);
    }

    /**
     * Moves the cache.
     *
     * @param cache made if it is not there
     * @return options that differ in this alone
     */
    public Options withCache(Path cache) {
      return new Options(directory, cache, offline, mirrors, listener);
    }

    /**
     * Forbids or allows downloads.
     *
     * @param offline whether to forbid them
     * @return options that differ in this alone
     */
    public Options withOffline(boolean offline) {
      return new Options(directory, cache, offline, mirrors, listener);
    }

    /**
     * Downloads from elsewhere.
     *
     * @param mirrors at least one
     * @return options that differ in this alone
     */
    public Options withMirrors(List<URI> mirrors) {
      return new Options(directory, cache, offline, mirrors, listener);
    }

    /**
     * Listens to downloads.
     *
     * @param listener called on the thread that downloads
     * @return options that differ in this alone
     */
    public Options withListener(DownloadListener listener) {
      return new Options(directory, cache, offline, mirrors, listener);
    }
  }

  private FashionMnist() {}

  /** {@return the names of the ten classes, in the order of their labels} */
  public static List<String> labels() {
    return LABELS;
  }

  /**
   * {@return the 60,000 training examples, with default options}
   *
   * @throws LeNetException if the data cannot be found, downloaded or read
   */
  public static Dataset train() {
    return train(Options.defaults());
  }

  /**
   * {@return the 10,000 test examples, with default options}
   *
   * @throws LeNetException if the data cannot be found, downloaded or read
   */
  public static Dataset test() {
    return test(Options.defaults());
  }

  /**
   * {@return the training examples: 60,000 of Fashion-MNIST, or whatever an explicit directory
   * holds}
   *
   * @param options where to look
   * @throws LeNetException if the data cannot be found, downloaded or read
   */
  public static Dataset train(Options options) {
    Objects.requireNonNull(options, "options must not be null");
    Path directory = locate(options);
    return options.directory().isPresent()
        ? IdxDataset.train(directory)
        : read(directory, File.TRAIN_IMAGES, File.TRAIN_LABELS);
  }

  /**
   * {@return the test examples: 10,000 of Fashion-MNIST, or whatever an explicit directory holds}
   *
   * @param options where to look
   * @throws LeNetException if the data cannot be found, downloaded or read
   */
  public static Dataset test(Options options) {
    Objects.requireNonNull(options, "options must not be null");
    Path directory = locate(options);
    return options.directory().isPresent()
        ? IdxDataset.test(directory)
        : read(directory, File.TEST_IMAGES, File.TEST_LABELS);
  }

  /**
   * {@return the directory that {@link #train(Options)} and {@link #test(Options)} read, after a
   * download if that is what it takes}
   *
   * @param options where to look
   * @throws LeNetException if there is none
   */
  public static Path locate(Options options) {
    Objects.requireNonNull(options, "options must not be null");
    return locate(options, SYSTEM_DIRECTORY, Downloader::new);
  }

  /** The downloader is made only when needed: its trust store takes time to load. */
  static Path locate(Options options, Path systemDirectory, Supplier<Downloader> downloaders) {
    if (options.directory().isPresent()) {
      Path directory = options.directory().get();
      if (!Files.isDirectory(directory)) {
        throw new LeNetException(
            directory
                + (Files.exists(directory) ? " is not a directory" : " does not exist")
                + "; name the directory that holds the IDX files with --data");
      }
      return directory;
    }
    Path cached = options.cache().resolve("fashion-mnist");
    for (Path candidate : List.of(cached, systemDirectory)) {
      if (filesIn(candidate) == File.values().length) {
        return candidate;
      }
    }
    if (options.offline() || Boolean.getBoolean("lenet4j.offline")) {
      throw new LeNetException(
          "Fashion-MNIST is not on this machine and offline mode forbids its download: looked in "
              + describe(cached)
              + " and "
              + describe(systemDirectory)
              + "; install the Debian package dataset-fashion-mnist, name a directory that has the"
              + " data with --data, or drop --offline");
    }
    Downloader downloader = downloaders.get();
    for (File file : File.values()) {
      if (IdxDataset.find(cached, file.name).isEmpty()) {
        downloader.fetch(
            file.remote(),
            options.mirrors(),
            cached,
            options.listener(),
            "check the network, install the Debian package dataset-fashion-mnist, or name a"
                + " directory that has the data with --data");
      }
    }
    return cached;
  }

  private static long filesIn(Path directory) {
    return Arrays.stream(File.values())
        .filter(file -> IdxDataset.find(directory, file.name).isPresent())
        .count();
  }

  private static String describe(Path directory) {
    return directory + " (" + filesIn(directory) + " of 4 files)";
  }

  private static Dataset read(Path directory, File images, File labels) {
    try (ContentFile imageContent = open(directory, images);
        ContentFile labelContent = open(directory, labels)) {
      return IdxReader.read(imageContent, labelContent);
    }
  }

  private static ContentFile open(Path directory, File file) {
    return ContentFile.openVerified(IdxDataset.require(directory, file.name), file.sha256);
  }
}
