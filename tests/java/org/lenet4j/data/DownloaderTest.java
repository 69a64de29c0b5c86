package org.lenet4j.data;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.lenet4j.data.TestHttpsServer.chunked;
import static org.lenet4j.data.TestHttpsServer.cut;
import static org.lenet4j.data.TestHttpsServer.partial;
import static org.lenet4j.data.TestHttpsServer.ranged;
import static org.lenet4j.data.TestHttpsServer.redirect;
import static org.lenet4j.data.TestHttpsServer.status;
import static org.lenet4j.data.TestHttpsServer.whole;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.net.ssl.SSLSocketFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lenet4j.CapturedLog;
import org.lenet4j.LeNetException;
import org.lenet4j.io.DirectoryLock;

@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class DownloaderTest {
  private static final int ATTEMPTS = 3;

  /** A hang must time out quickly; everything else gets time on a busy machine. */
  private static final Downloader.Patience IMPATIENT =
      new Downloader.Patience(
          Duration.ofSeconds(5), Duration.ofMillis(300), 2, Duration.ofMillis(1));

  private static final Downloader.Patience PATIENT =
      new Downloader.Patience(
          Duration.ofSeconds(5), Duration.ofSeconds(5), ATTEMPTS, Duration.ofMillis(1));

  private static final byte[] CONTENT = randomBytes();
  private static final byte[] PACKED = IdxFiles.gzip(CONTENT);
  private static final byte[] OTHER = IdxFiles.gzip("something else".getBytes(UTF_8));
  private static final String TAG = "\"v1\"";
  private static final Downloader.RemoteFile FILE =
      new Downloader.RemoteFile("data.gz", sha256(CONTENT), CONTENT.length);
  private static final int HALF = PACKED.length / 2;

  private static TestHttpsServer server;

  @TempDir Path dir;

  @BeforeAll
  static void startServer() throws Exception {
    server = new TestHttpsServer();
  }

  @AfterAll
  static void stopServer() {
    server.close();
  }

  @BeforeEach
  void forgetRequests() {
    server.forgetRequests();
  }

  private static byte[] randomBytes() {
    byte[] bytes = new byte[200_000];
    new Random(1).nextBytes(bytes);
    return bytes;
  }

  private static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  private void fetch(String... folders) {
    fetch(PATIENT, DownloadListener.SILENT, folders);
  }

  private void fetch(Downloader.Patience patience, DownloadListener listener, String... folders) {
    new Downloader(server.clientSockets(), patience)
        .fetch(
            FILE, Arrays.stream(folders).map(server::folder).toList(), dir, listener, "try later");
  }

  private String failure(String... folders) {
    return failure(PATIENT, folders);
  }

  private String failure(Downloader.Patience patience, String... folders) {
    String message =
        assertThatExceptionOfType(LeNetException.class)
            .isThrownBy(() -> fetch(patience, DownloadListener.SILENT, folders))
            .actual()
            .getMessage();
    assertThat(message)
        .startsWith("data.gz could not be downloaded: ")
        .endsWith("; try later")
        .doesNotContain("\n");
    assertThat(dir.resolve("data.gz")).doesNotExist();
    return message;
  }

  private void assertArrived() {
    assertThat(dir.resolve("data.gz")).hasBinaryContent(PACKED);
    assertThat(names()).containsExactly(".lock", "data.gz");
  }

  private List<String> names() {
    try (Stream<Path> files = Files.list(dir)) {
      return files.map(f -> f.getFileName().toString()).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<String> ranges() {
    return server.requests().stream().map(TestHttpsServer.Request::range).toList();
  }

  private static List<String> paths() {
    return server.requests().stream().map(TestHttpsServer.Request::path).toList();
  }

  @Test
  void fetchesAndReportsProgress() {
    server.serve("/good/data.gz", whole(PACKED, TAG));
    List<Long> progress = new ArrayList<>();
    fetch(
        PATIENT,
        (file, bytes, total) -> {
          assertThat(file).isEqualTo("data.gz");
          assertThat(total).isEqualTo(PACKED.length);
          progress.add(bytes);
        },
        "good");
    assertArrived();
    assertThat(progress).isSorted().startsWith(0L).endsWith((long) PACKED.length);
  }

  @Test
  void aFileOfUnknownLengthArrives() {
    server.serve("/chunked/data.gz", chunked(PACKED));
    List<Long> totals = new ArrayList<>();
    fetch(PATIENT, (file, bytes, total) -> totals.add(total), "chunked");
    assertArrived();
    assertThat(totals).containsOnly(-1L);
  }

  @Test
  void makesTheDirectory() {
    server.serve("/good/data.gz", whole(PACKED, TAG));
    dir = dir.resolve("a").resolve("b");
    fetch("good");
    assertArrived();
  }

  @Test
  void takesAFileThatIsThere() {
    IdxFiles.write(dir.resolve("data.gz"), new byte[] {1});
    fetch("good");
    assertThat(server.requests()).isEmpty();
    assertThat(dir.resolve("data.gz")).hasBinaryContent(new byte[] {1});
  }

  @Test
  void resumesAfterACut() {
    server.serve("/cut/data.gz", cut(PACKED, HALF, TAG), ranged(PACKED, TAG));
    fetch("cut");
    assertArrived();
    assertThat(server.requests())
        .containsExactly(
            new TestHttpsServer.Request("/cut/data.gz", null, null),
            new TestHttpsServer.Request("/cut/data.gz", "bytes=" + HALF + "-", TAG));
  }

  @Test
  void resumesWhatAnEarlierRunLeft() {
    server.serve("/cut/data.gz", cut(PACKED, HALF, TAG), status(404));
    assertThat(failure("cut")).contains("404");
    assertThat(names()).containsExactly(".lock", "data.gz.part", "data.gz.part.origin");
    server.forgetRequests();
    server.serve("/cut/data.gz", ranged(PACKED, TAG));
    List<Long> progress = new ArrayList<>();
    fetch(PATIENT, (file, bytes, total) -> progress.add(bytes), "cut");
    assertArrived();
    assertThat(ranges()).containsExactly("bytes=" + HALF + "-");
    assertThat(progress).isSorted().startsWith((long) HALF).endsWith((long) PACKED.length);
  }

  @Test
  void startsOverWhenTheFileHasChanged() {
    server.serve("/cut/data.gz", cut(OTHER, OTHER.length / 2, TAG), ranged(PACKED, "\"v2\""));
    fetch("cut");
    assertArrived();
    assertThat(ranges()).containsExactly(null, "bytes=" + OTHER.length / 2 + "-");
  }

  @Test
  void doesNotResumeAtAnotherMirror() {
    server.serve("/cut/data.gz", cut(PACKED, HALF, TAG), status(404));
    server.serve("/good/data.gz", ranged(PACKED, TAG));
    fetch("cut", "good");
    assertArrived();
    assertThat(paths()).containsExactly("/cut/data.gz", "/cut/data.gz", "/good/data.gz");
    assertThat(server.requests().get(2).range()).isNull();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "W/\"v1\""})
  void doesNotResumeWithoutAStrongTag(String tag) {
    String etag = tag.isEmpty() ? null : tag;
    server.serve("/cut/data.gz", cut(PACKED, HALF, etag), ranged(PACKED, etag));
    fetch("cut");
    assertArrived();
    assertThat(ranges()).containsExactly(null, null);
  }

  @Test
  void doesNotResumeAPartOfUnknownOrigin() {
    IdxFiles.write(dir.resolve("data.gz.part"), Arrays.copyOf(OTHER, 20));
    server.serve("/good/data.gz", ranged(PACKED, TAG));
    fetch("good");
    assertArrived();
    assertThat(ranges()).containsExactly((String) null);
  }

  @Test
  void aServerMayIgnoreTheRange() {
    server.serve("/cut/data.gz", cut(PACKED, HALF, TAG), whole(PACKED, TAG));
    fetch("cut");
    assertArrived();
  }

  @Test
  void anUnsatisfiableRangeStartsOver() {
    server.serve("/cut/data.gz", cut(PACKED, HALF, TAG), status(416), ranged(PACKED, TAG));
    fetch("cut");
    assertArrived();
    assertThat(ranges()).containsExactly(null, "bytes=" + HALF + "-", null);
  }

  @Test
  void anotherRangeThanAskedForStartsOver() {
    server.serve(
        "/cut/data.gz",
        cut(PACKED, HALF, TAG),
        partial(PACKED, HALF - 1, HALF - 1, TAG),
        ranged(PACKED, TAG));
    fetch(
        PATIENT,
        // The wrong range is one byte longer; the hash would find it, but only after the transfer.
        (file, bytes, total) -> assertThat(total).isEqualTo(PACKED.length),
        "cut");
    assertArrived();
    assertThat(ranges()).containsExactly(null, "bytes=" + HALF + "-", null);
  }

  @Test
  void aRangeOfAnotherVersionStartsOver() {
    server.serve(
        "/cut/data.gz",
        cut(PACKED, HALF, TAG),
        partial(PACKED, HALF, HALF, "\"v2\""),
        ranged(PACKED, TAG));
    fetch("cut");
    assertArrived();
    assertThat(ranges()).containsExactly(null, "bytes=" + HALF + "-", null);
  }

  @Test
  void aStitchedFileIsFoundByItsHashAndFetchedAnew() {
    // The server lies about what it sends, so that only the hash can tell.
    server.serve(
        "/cut/data.gz",
        cut(PACKED, HALF, TAG),
        partial(changedInTheMiddle(), HALF, HALF, TAG),
        ranged(PACKED, TAG));
    fetch("cut");
    assertArrived();
    assertThat(ranges()).containsExactly(null, "bytes=" + HALF + "-", null);
  }

  private static byte[] changedInTheMiddle() {
    byte[] bytes = PACKED.clone();
    bytes[HALF] ^= 1;
    return bytes;
  }

  @Test
  void aPartialAnswerToAWholeRequestIsRefused() {
    server.serve("/partial/data.gz", partial(PACKED, 0, 0, TAG));
    assertThat(failure("partial")).contains("answered HTTP 206");
  }

  @Test
  void garbageIsRefusedDeletedAndTheNextMirrorTried() {
    server.serve("/garbage/data.gz", whole("<html>log in first</html>".getBytes(UTF_8), TAG));
    server.serve("/good/data.gz", whole(PACKED, TAG));
    assertThat(failure("garbage"))
        .contains("/garbage/data.gz served other content", "SHA-256", FILE.sha256());
    assertThat(names()).as("nothing to resume").containsExactly(".lock", "data.gz.part");
    assertThat(dir.resolve("data.gz.part")).isEmptyFile();
    fetch("garbage", "good");
    assertArrived();
    assertThat(paths()).containsExactly("/garbage/data.gz", "/garbage/data.gz", "/good/data.gz");
  }

  @Test
  void damagedGzipIsRefused() {
    byte[] damaged = PACKED.clone();
    damaged[damaged.length - 6] ^= 1;
    server.serve("/damaged/data.gz", whole(damaged, TAG));
    assertThat(failure("damaged")).contains("served other content", "gzip content checksum");
  }

  @Test
  void aWrongHashIsRefused() {
    server.serve("/wrong/data.gz", whole(OTHER, TAG));
    assertThat(failure("wrong")).contains(sha256("something else".getBytes(UTF_8)), FILE.sha256());
    assertThat(server.requests()).as("a wrong file is not asked for again").hasSize(1);
  }

  @Test
  void contentBeyondTheExpectedSizeIsRefusedWithoutReadingOn() {
    // 50 MB of zeros in 50 KB: the hash of all of it would be wrong too, but is not computed.
    byte[] bomb = IdxFiles.gzip(new byte[50_000_000]);
    server.serve("/bomb/data.gz", whole(bomb, TAG));
    assertThat(failure("bomb")).contains("served other content");
  }

  @Test
  void aFileTooLargeIsRefusedByItsLengthOrOnTheWay() {
    byte[] large = new byte[2 * CONTENT.length];
    server.serve("/large/data.gz", whole(large, TAG));
    server.serve("/endless/data.gz", chunked(large));
    assertThat(failure("large", "endless"))
        .contains(
            "/large/data.gz offers " + large.length + " bytes, expected at most",
            "/endless/data.gz offers more than");
    assertThat(server.requests()).hasSize(2);
    assertThat(dir.resolve("data.gz.part")).isEmptyFile();
  }

  @Test
  void clientErrorsGoToTheNextMirrorAtOnce() {
    server.serve("/gone/data.gz", status(410));
    assertThat(failure("missing", "gone"))
        .contains(
            server.folder("missing") + "data.gz answered HTTP 404; ",
            server.folder("gone") + "data.gz answered HTTP 410; ");
    assertThat(server.requests()).hasSize(2);
  }

  @ParameterizedTest
  @ValueSource(ints = {500, 503, 429, 408})
  void serverErrorsAreRetried(int code) {
    server.serve("/flaky/data.gz", status(code), status(code), whole(PACKED, TAG));
    fetch("flaky");
    assertArrived();
    server.forgetRequests();
    dir = dir.resolve("again");
    server.serve("/broken/data.gz", status(code));
    assertThat(failure("broken")).contains("answered HTTP " + code);
    assertThat(server.requests()).hasSize(ATTEMPTS);
  }

  @Test
  void aLengthThatIsTooLongEndsInRetries() {
    server.serve("/liar/data.gz", cut(PACKED, PACKED.length - 1, null));
    assertThat(failure("liar")).contains("/liar/data.gz ").doesNotContain("served other content");
    assertThat(server.requests()).hasSize(ATTEMPTS);
  }

  @Test
  void aLengthThatIsTooShortIsFoundByTheContent() {
    server.serve("/liar/data.gz", whole(Arrays.copyOf(PACKED, PACKED.length - 1), TAG));
    assertThat(failure("liar")).contains("served other content", "end of the file");
  }

  @Test
  void redirectsAreFollowedOnHttpsOnly() {
    server.serve("/good/data.gz", whole(PACKED, TAG));
    for (int code : new int[] {301, 302, 303, 307, 308}) {
      server.serve("/moved/data.gz", redirect(code, "/good/data.gz"));
      fetch("moved");
      assertArrived();
      dir = dir.resolve("next");
    }
    server.forgetRequests();
    for (String refused : List.of("http://127.0.0.1/data.gz", "file:///data.gz", "ftp://h/d")) {
      server.serve("/moved/data.gz", redirect(302, refused));
      assertThat(failure("moved")).contains("redirects to " + refused + ", which is not HTTPS");
    }
    assertThat(paths()).containsOnly("/moved/data.gz").hasSize(3);
  }

  @Test
  void badRedirectsAreRefused() {
    server.serve("/loop/data.gz", redirect(302, "/loop/data.gz"));
    server.serve("/nowhere/data.gz", status(302));
    server.serve("/malformed/data.gz", redirect(302, "https://[no address"));
    assertThat(failure("loop", "nowhere", "malformed"))
        .contains(
            "redirects more than 5 times",
            "redirects without saying where",
            "redirects to the malformed address https://[no address");
  }

  @Test
  void anHttpMirrorIsRefused() {
    assertThatExceptionOfType(LeNetException.class)
        .isThrownBy(
            () ->
                new Downloader(server.clientSockets(), PATIENT)
                    .fetch(
                        FILE,
                        List.of(URI.create("http://127.0.0.1/")),
                        dir,
                        DownloadListener.SILENT,
                        "try later"))
        .withMessageContaining("http://127.0.0.1/data.gz is not HTTPS");
  }

  @Test
  void aHangTimesOutAndTheNextMirrorIsTried() {
    server.serve("/hang/data.gz", server.hang(PACKED, 0, TAG));
    server.serve("/good/data.gz", whole(PACKED, TAG));
    fetch(IMPATIENT, DownloadListener.SILENT, "hang", "good");
    assertArrived();
    assertThat(paths()).containsExactly("/hang/data.gz", "/hang/data.gz", "/good/data.gz");
  }

  @Test
  void aHangInTheBodyTimesOutAndIsResumed() {
    server.serve("/hang/data.gz", server.hang(PACKED, HALF, TAG), ranged(PACKED, TAG));
    fetch(IMPATIENT, DownloadListener.SILENT, "hang");
    assertArrived();
    assertThat(ranges()).containsExactly(null, "bytes=" + HALF + "-");
  }

  @Test
  void aHangIsNamed() {
    server.serve("/hang/data.gz", server.hang(PACKED, 0, TAG));
    assertThat(failure(IMPATIENT, "hang")).contains("/hang/data.gz timed out");
  }

  @Test
  void anUntrustedOrWrongCertificateIsRefused() {
    server.serve("/good/data.gz", whole(PACKED, TAG));
    URI byName = URI.create(server.folder("good").toString().replace("127.0.0.1", "localhost"));
    record Case(SSLSocketFactory sockets, URI mirror) {}
    for (Case c :
        List.of(
            new Case((SSLSocketFactory) SSLSocketFactory.getDefault(), server.folder("good")),
            new Case(server.clientSockets(), byName))) {
      assertThatExceptionOfType(LeNetException.class)
          .isThrownBy(
              () ->
                  new Downloader(c.sockets(), PATIENT)
                      .fetch(FILE, List.of(c.mirror()), dir, DownloadListener.SILENT, "try later"))
          .withMessageContaining("failed the TLS handshake");
    }
    assertThat(server.requests()).isEmpty();
  }

  @Test
  void aDeadMirrorIsNamedWithItsCause() throws IOException {
    int port;
    try (ServerSocket socket = new ServerSocket(0)) {
      port = socket.getLocalPort();
    }
    URI dead = URI.create("https://127.0.0.1:" + port + "/");
    assertThatExceptionOfType(LeNetException.class)
        .isThrownBy(
            () ->
                new Downloader(server.clientSockets(), PATIENT)
                    .fetch(FILE, List.of(dead), dir, DownloadListener.SILENT, "try later"))
        .withMessageContaining(dead + "data.gz failed (Connection refused");
  }

  @Test
  void twoThreadsFetchOnce() {
    server.serve("/good/data.gz", whole(PACKED, TAG));
    CompletableFuture<?>[] both =
        Stream.of(1, 2)
            .map(i -> CompletableFuture.runAsync(() -> fetch("good")))
            .toArray(CompletableFuture[]::new);
    CompletableFuture.allOf(both).join();
    assertArrived();
    assertThat(server.requests()).hasSize(1);
  }

  @Test
  void waitsForAnotherProcessAndOutlivesIt() throws Exception {
    server.serve("/good/data.gz", whole(PACKED, TAG));
    Process other =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                LockHolder.class.getName(),
                dir.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (CapturedLog log = new CapturedLog(DirectoryLock.class)) {
      assertThat(other.inputReader().readLine()).isEqualTo("locked");
      CompletableFuture<Void> fetching = CompletableFuture.runAsync(() -> fetch("good"));
      Thread.sleep(300);
      assertThat(server.requests()).isEmpty();
      assertThat(fetching).isNotDone();
      assertThat(log.lines()).containsExactly("INFO waiting for another download into " + dir);
      other.destroyForcibly().waitFor();
      fetching.get(10, TimeUnit.SECONDS);
      assertArrived();
    } finally {
      other.destroyForcibly();
    }
  }

  @Test
  void anInterruptEndsTheWait() throws Exception {
    server.serve("/broken/data.gz", status(500));
    Downloader.Patience slow =
        new Downloader.Patience(
            Duration.ofSeconds(5), Duration.ofSeconds(5), 2, Duration.ofSeconds(60));
    CompletableFuture<String> message = new CompletableFuture<>();
    Thread thread =
        new Thread(
            () -> {
              try {
                fetch(slow, DownloadListener.SILENT, "broken");
              } catch (LeNetException e) {
                message.complete(e.getMessage() + Thread.currentThread().isInterrupted());
              }
            });
    thread.start();
    while (thread.getState() != Thread.State.TIMED_WAITING || server.requests().isEmpty()) {
      Thread.sleep(5);
    }
    thread.interrupt();
    assertThat(message.get(10, TimeUnit.SECONDS)).contains("interrupted").endsWith("true");
  }

  @Test
  void aDirectoryThatCannotBeMadeIsNamed() {
    Path file = IdxFiles.write(dir.resolve("file"), new byte[1]);
    dir = file;
    assertThatExceptionOfType(LeNetException.class)
        .isThrownBy(() -> fetch("good"))
        .withMessageStartingWith(
            file + " could not be written: a file is in the place of a directory")
        .withMessageContaining("LENET4J_CACHE");
  }
}
