package org.lenet4j.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.net.URI;
import java.nio.IntBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lenet4j.LeNetException;

class FashionMnistTest {
  private static final Path DEBIAN = Path.of("/usr/share/datasets/fashion-mnist");
  private static final List<String> FILES =
      List.of(
          "train-images-idx3-ubyte",
          "train-labels-idx1-ubyte",
          "t10k-images-idx3-ubyte",
          "t10k-labels-idx1-ubyte");

  @TempDir Path dir;
  private Path cache;
  private Path system;
  private FashionMnist.Options options;

  @BeforeAll
  static void theDataIsInstalled() {
    assertThat(DEBIAN)
        .as("these tests need the data: apt-get install dataset-fashion-mnist")
        .isDirectory();
  }

  @BeforeEach
  void emptyPlaces() throws IOException {
    cache = dir.resolve("cache");
    system = dir.resolve("system");
    Files.createDirectories(cache.resolve("fashion-mnist"));
    Files.createDirectories(system);
    options = FashionMnist.Options.defaults().withCache(cache);
  }

  private Path locate(FashionMnist.Options o) {
    return FashionMnist.locate(
        o,
        system,
        () -> {
          throw new AssertionError("no download was called for");
        });
  }

  private static void fill(Path directory, List<String> names) {
    for (String name : names) {
      IdxFiles.write(
          directory.resolve(name),
          name.contains("images") ? IdxFiles.images(2) : IdxFiles.labels(3, 4));
    }
  }

  @Test
  void loadsTheRealData() {
    FashionMnist.Options debian = options.withOffline(true);
    try (Dataset train = FashionMnist.train(debian);
        Dataset test = FashionMnist.test(debian)) {
      assertThat(train.size()).isEqualTo(60_000);
      assertThat(test.size()).isEqualTo(10_000);
      assertThat(train.classes()).isEqualTo(10).isEqualTo(test.classes());
      assertThat(histogram(train)).containsOnly(6_000).hasSize(10);
      assertThat(histogram(test)).containsOnly(1_000).hasSize(10);
      assertThat(train.pixels().limit()).isEqualTo(60_000 * 784);
      assertThat(train.label(0)).as("an ankle boot comes first").isEqualTo(9);
      assertThat(mean(train)).isBetween(72.93, 72.95);
      assertThat(mean(test)).isBetween(73.13, 73.16);
    }
  }

  private static int[] histogram(Dataset data) {
    int[] counts = new int[data.classes()];
    IntBuffer labels = data.labels();
    while (labels.hasRemaining()) {
      counts[labels.get()]++;
    }
    return counts;
  }

  private static double mean(Dataset data) {
    long sum = 0;
    for (int i = 0; i < data.size(); i++) {
      for (byte pixel : data.image(i)) {
        sum += pixel & 0xff;
      }
    }
    return (double) sum / (data.size() * 784L);
  }

  @Test
  void namesTheClasses() {
    assertThat(FashionMnist.labels())
        .hasSize(10)
        .startsWith("T-shirt/top", "Trouser")
        .endsWith("Sneaker", "Bag", "Ankle boot")
        .isUnmodifiable();
  }

  @Test
  void looksInTheExplicitDirectoryOnly() {
    fill(cache.resolve("fashion-mnist"), FILES);
    fill(system, FILES);
    Path other = dir.resolve("other");
    assertThatExceptionOfType(LeNetException.class)
        .isThrownBy(() -> locate(options.withDirectory(other)))
        .withMessageContainingAll(other.toString(), "does not exist", "--data");
    IdxFiles.write(dir.resolve("file"), new byte[1]);
    assertThatExceptionOfType(LeNetException.class)
        .isThrownBy(() -> locate(options.withDirectory(dir.resolve("file"))))
        .withMessageContaining("is not a directory");
    assertThat(locate(options.withDirectory(system))).isEqualTo(system);
  }

  @Test
  void anExplicitDirectoryMayHoldAnyIdxData() {
    fill(system, FILES.subList(0, 2));
    FashionMnist.Options explicit = options.withDirectory(system);
    try (Dataset train = FashionMnist.train(explicit)) {
      assertThat(train.size()).isEqualTo(2);
      assertThat(train.label(1)).isEqualTo(4);
    }
    assertThatExceptionOfType(LeNetException.class)
        .isThrownBy(() -> FashionMnist.test(explicit))
        .withMessageContaining("looked for t10k-images-idx3-ubyte");
    fill(system, FILES);
    try (Dataset test = FashionMnist.test(explicit)) {
      assertThat(test.size()).isEqualTo(2);
    }
  }

  @Test
  void theCacheComesBeforeTheSystemButOnlyIfComplete() {
    fill(system, FILES);
    assertThat(locate(options)).isEqualTo(system);
    fill(cache.resolve("fashion-mnist"), FILES.subList(0, 3));
    assertThat(locate(options)).isEqualTo(system);
    fill(cache.resolve("fashion-mnist"), FILES);
    assertThat(locate(options)).isEqualTo(cache.resolve("fashion-mnist"));
  }

  @Test
  void otherDataInTheCacheIsNotTakenForFashionMnist() {
    fill(cache.resolve("fashion-mnist"), FILES);
    assertThatExceptionOfType(LeNetException.class)
        .isThrownBy(() -> FashionMnist.train(options))
        .withMessageContainingAll(
            cache.resolve("fashion-mnist").resolve("train-labels-idx1-ubyte").toString(),
            "SHA-256",
            "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
            "delete");
    assertThatExceptionOfType(LeNetException.class)
        .isThrownBy(() -> FashionMnist.test(options))
        .withMessageContaining("t10k-labels-idx1-ubyte");
  }

  @Test
  void offlineSaysWhereItLookedAndWhatToDo() {
    fill(system, FILES.subList(0, 2));
    String message =
        assertThatExceptionOfType(LeNetException.class)
            .isThrownBy(() -> locate(options.withOffline(true)))
            .actual()
            .getMessage();
    assertThat(message)
        .contains(
            cache.resolve("fashion-mnist") + " (0 of 4 files)",
            system + " (2 of 4 files)",
            "dataset-fashion-mnist",
            "--data",
            "drop --offline");
    System.setProperty("lenet4j.offline", "true");
    try {
      assertThatExceptionOfType(LeNetException.class)
          .isThrownBy(() -> locate(options))
          .withMessage(message);
    } finally {
      System.clearProperty("lenet4j.offline");
    }
    assertThatExceptionOfType(AssertionError.class)
        .isThrownBy(() -> locate(options))
        .withMessage("no download was called for");
  }

  @Test
  void downloadsWhatIsMissingOnceAndReadsIt() throws Exception {
    try (TestHttpsServer server = new TestHttpsServer()) {
      for (String name : FILES) {
        byte[] packed = Files.readAllBytes(DEBIAN.resolve(name + ".gz"));
        server.serve("/mirror/" + name + ".gz", TestHttpsServer.whole(packed, "\"1\""));
      }
      Path cached = cache.resolve("fashion-mnist");
      Files.copy(
          DEBIAN.resolve("t10k-images-idx3-ubyte.gz"), cached.resolve("t10k-images.idx3-ubyte.gz"));
      Set<String> heard = new TreeSet<>();
      // No slash at the end of the second: a mirror is a folder, however it is written.
      String mirror = server.folder("mirror").toString();
      FashionMnist.Options online =
          options
              .withMirrors(
                  List.of(
                      server.folder("empty"), URI.create(mirror.substring(0, mirror.length() - 1))))
              .withListener((file, bytes, total) -> heard.add(file));
      Downloader downloader =
          new Downloader(
              server.clientSockets(),
              new Downloader.Patience(
                  Duration.ofSeconds(5), Duration.ofSeconds(10), 1, Duration.ZERO));
      assertThat(FashionMnist.locate(online, system, () -> downloader)).isEqualTo(cached);
      assertThat(heard)
          .containsExactly(
              "t10k-labels-idx1-ubyte.gz",
              "train-images-idx3-ubyte.gz",
              "train-labels-idx1-ubyte.gz");
      assertThat(listing(cached))
          .containsExactlyElementsOf(
              Stream.concat(Stream.of(".lock", "t10k-images.idx3-ubyte.gz"), heard.stream())
                  .sorted()
                  .toList());
      server.forgetRequests();
      assertThat(locate(online)).isEqualTo(cached);
      assertThat(server.requests()).isEmpty();
      try (Dataset train = FashionMnist.train(online);
          Dataset test = FashionMnist.test(online)) {
        assertThat(List.of(train.size(), test.size())).containsExactly(60_000, 10_000);
      }
    }
  }

  private static List<String> listing(Path directory) {
    return Arrays.stream(directory.toFile().list()).sorted().toList();
  }

  @Test
  void refusesAnEmptyListOfMirrors() {
    assertThatExceptionOfType(LeNetException.class)
        .isThrownBy(() -> options.withMirrors(List.of()))
        .withMessageContaining("mirrors is empty");
  }

  @Test
  void aFailedDownloadNamesTheRemedies() throws Exception {
    try (TestHttpsServer server = new TestHttpsServer()) {
      Downloader downloader = new Downloader(server.clientSockets(), Downloader.Patience.DEFAULT);
      FashionMnist.Options online = options.withMirrors(List.of(server.folder("empty")));
      assertThatExceptionOfType(LeNetException.class)
          .isThrownBy(() -> FashionMnist.locate(online, system, () -> downloader))
          .withMessageContainingAll(
              "train-images-idx3-ubyte.gz could not be downloaded",
              "/empty/train-images-idx3-ubyte.gz answered HTTP 404",
              "dataset-fashion-mnist",
              "--data");
    }
  }
}
