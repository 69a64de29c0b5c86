package org.lenet4j.report;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lenet4j.LeNetException;
import org.lenet4j.training.CurvePoint;
import org.lenet4j.training.Epoch;
import org.lenet4j.training.Progress;

@Timeout(300)
class LivePageTest {
  private static final long PATIENCE_MILLIS = 2000;

  private final LivePage page =
      new LivePage(
          0,
          PATIENCE_MILLIS,
          new Run("run-1", "on <java>", "lenet4j train", Map.of()),
          List.of(),
          List.of());
  private final int port = page.address().getPort();

  @AfterEach
  void leavesNothingBehind() throws InterruptedException {
    page.close();
    for (int i = 0; i < 500 && threads() > 0; i++) {
      Thread.sleep(10);
    }
    assertThat(threads()).isZero();
    assertThatThrownBy(this::connect).isInstanceOf(ConnectException.class);
  }

  private static long threads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith("lenet4j-live"))
        .count();
  }

  private Socket connect() throws IOException {
    return new Socket(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), port);
  }

  /** A whole answer to a request with this start; PORT in it stands for the port. */
  private String ask(String lines) throws IOException {
    try (Socket socket = connect()) {
      send(socket, lines + "\nConnection: close\n\n");
      return new String(socket.getInputStream().readAllBytes(), UTF_8);
    }
  }

  private void send(Socket socket, String text) throws IOException {
    String request = text.replace("PORT", Integer.toString(port)).replace("\n", "\r\n");
    socket.getOutputStream().write(request.getBytes(UTF_8));
  }

  private static String status(String answer) {
    return answer.split(" ", 3)[1];
  }

  private static Progress step(int step, long examples) {
    return new Progress(
        1,
        2,
        step,
        4,
        examples,
        80,
        Optional.of(new CurvePoint(step / 4.0, 2.5, 0.25)),
        Optional.empty());
  }

  private static Progress epoch() {
    double none = Double.NaN;
    Epoch epoch = new Epoch(1, 0.9, 2.25, 0.375, none, none, 2, 0.4321, 40, 1, 1, 1);
    return new Progress(1, 2, 4, 4, 40, 80, Optional.empty(), Optional.of(epoch));
  }

  @Test
  void servesThePage() throws IOException {
    page.accept(step(1, 10));
    String answer = ask("GET / HTTP/1.1\nHost: 127.0.0.1:PORT");
    assertThat(status(answer)).isEqualTo("200");
    assertThat(answer)
        .containsIgnoringCase("Content-security-policy: frame-ancestors 'none'")
        .containsIgnoringCase("Cross-origin-resource-policy: same-origin")
        .containsIgnoringCase("Cache-control: no-store");
    PageReader html = new PageReader(answer.substring(answer.indexOf("<!DOCTYPE")));
    assertThat(html.texts("//header/p")).containsExactly("on <java>");
    assertThat(html.texts("//label")).containsExactly("Epoch 1 of 2, step 1 of 4");
    assertThat(html.texts("//progress/@value")).containsExactly("0.1250");
    assertThat(html.texts("//script/@src")).containsExactly("/live.js");
    assertThat(html.texts("//input[@name='token']/@value").get(0)).matches("[0-9a-f]{32}");
    assertThat(status(ask("GET /live.js HTTP/1.1\nHost: localhost:PORT"))).isEqualTo("200");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        // Whom a browser asks for when somebody's name leads here, or asks on behalf of.
        "GET / HTTP/1.1|Host: evil.example:PORT|403",
        "GET /events HTTP/1.1|Host: evil.example:PORT|403",
        "GET / HTTP/1.1|Host: 127.0.0.1.evil.example:PORT|403",
        "GET / HTTP/1.1|Host: 127.0.0.1:1|403",
        "GET / HTTP/1.1|Host: 127.0.0.1|403",
        "GET / HTTP/1.1|Host:|403",
        "GET / HTTP/1.0|X-None: 1|403",
        "GET / HTTP/1.1|'Host: 127.0.0.1:PORT\nHost: evil.example:PORT'|403",
        "GET /events HTTP/1.1|'Host: 127.0.0.1:PORT\nOrigin: http://evil.example'|403",
        "GET / HTTP/1.1|'Host: 127.0.0.1:PORT\nOrigin: null'|403",
        "GET / HTTP/1.1|'Host: 127.0.0.1:PORT\nOrigin: https://127.0.0.1:PORT'|403",
        "GET / HTTP/1.1|'Host: LOCALHOST:PORT\nOrigin: http://localhost:PORT'|200",
        // What there is not.
        "GET /../../etc/passwd HTTP/1.1|Host: 127.0.0.1:PORT|404",
        "GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1|Host: 127.0.0.1:PORT|404",
        "GET /..%5cwindows HTTP/1.1|Host: 127.0.0.1:PORT|404",
        "GET /page.html HTTP/1.1|Host: 127.0.0.1:PORT|404",
        "GET /config.json HTTP/1.1|Host: 127.0.0.1:PORT|404",
        "GET /live.js/ HTTP/1.1|Host: 127.0.0.1:PORT|404",
        "GET // HTTP/1.1|Host: 127.0.0.1:PORT|400",
        // What there is, but not that way.
        "POST / HTTP/1.1|Host: 127.0.0.1:PORT|405",
        "HEAD / HTTP/1.1|Host: 127.0.0.1:PORT|405",
        "OPTIONS /stop HTTP/1.1|Host: 127.0.0.1:PORT|405",
        "GET /stop HTTP/1.1|Host: 127.0.0.1:PORT|405",
        "DELETE /events HTTP/1.1|Host: 127.0.0.1:PORT|405",
        "nonsense|Host: 127.0.0.1:PORT|400",
      })
  void answersOnlyWhatItShould(String request, String headers, String status) throws IOException {
    String answer = ask(request + "\n" + headers);
    assertThat(status(answer)).isEqualTo(status);
    assertThat(answer.contains("token")).isEqualTo(status.equals("200"));
    assertThat(page.stopRequested()).isFalse();
  }

  @Test
  void stopsOnlyForItsOwnButton() throws IOException {
    String html = ask("GET / HTTP/1.1\nHost: 127.0.0.1:PORT");
    String token = html.replaceAll("(?s).*name=\"token\" value=\"(\\w+)\".*", "$1");
    String own = "Host: 127.0.0.1:PORT\nOrigin: http://127.0.0.1:PORT";
    String good = "token=" + token;
    assertThat(status(post("Host: 127.0.0.1:PORT", good))).isEqualTo("403");
    assertThat(status(post("Host: 127.0.0.1:PORT\nOrigin: http://evil.example", good)))
        .isEqualTo("403");
    assertThat(status(post("Host: evil.example:PORT\nOrigin: http://evil.example:PORT", good)))
        .isEqualTo("403");
    assertThat(status(post(own, ""))).isEqualTo("403");
    assertThat(status(post(own, "token=" + "0".repeat(32)))).isEqualTo("403");
    assertThat(status(post(own, good + "&more=1"))).isEqualTo("403");
    assertThat(status(post(own, "x".repeat(10_000)))).isEqualTo("413");
    assertThat(page.stopRequested()).isFalse();
    assertThat(status(post(own, good))).isEqualTo("204");
    assertThat(page.stopRequested()).isTrue();
  }

  private String post(String headers, String body) throws IOException {
    return ask(
        "POST /stop HTTP/1.1\n%s\nContent-Length: %d\nConnection: close\n\n%s"
            .formatted(headers, body.length(), body));
  }

  @Test
  void tellsWhatIsNewUntilTheEnd() throws Exception {
    try (Socket socket = watch()) {
      InputStream in = socket.getInputStream();
      readUntil(in, "The training begins");
      page.accept(step(1, 10));
      readUntil(in, "Epoch 1 of 2, step 1 of 4");
      page.accept(epoch());
      readUntil(in, "<dd>0.432");
      page.finish("The training stopped here");
      String rest = new String(in.readAllBytes(), UTF_8);
      assertThat(rest).contains("event: end\ndata: The training stopped here\n\n");
    }
    page.finish("a second end does nothing");
  }

  private Socket watch() throws IOException {
    Socket socket = connect();
    send(socket, "GET /events HTTP/1.1\nHost: 127.0.0.1:PORT\n\n");
    return socket;
  }

  private static String readUntil(InputStream in, String text) throws IOException {
    StringBuilder read = new StringBuilder();
    while (read.indexOf(text) < 0) {
      int next = in.read();
      if (next < 0) {
        throw new AssertionError("the stream ended before '%s' in: %s".formatted(text, read));
      }
      read.append((char) next);
    }
    return read.toString();
  }

  @Test
  void keepsItsPaceWhateverItsClientsDo() throws Exception {
    List<Socket> clients = new ArrayList<>();
    try {
      for (int i = 0; i < 40; i++) {
        clients.add(i % 4 == 0 ? connect() : watch()); // None of them ever reads.
      }
      clients.add(connect());
      send(clients.get(40), "GET / HTTP/1.1\nHost: 127.0"); // And never ends the line.
      clients.add(connect());
      send(clients.get(41), "POST /stop HTTP/1.1\nHost: 127.0.0.1:PORT\nContent-Length: 99\n\n");
      long start = System.nanoTime();
      for (int i = 0; i < 10_000; i++) {
        page.accept(step(1 + i % 3, 10));
      }
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(10));
      assertThat(threads()).as("threads are limited").isLessThanOrEqualTo(17);
      awaitEnd(clients.get(40));
      awaitEnd(clients.get(41));
    } finally {
      for (Socket client : clients) {
        client.close();
      }
    }
    try (Socket late = awaitWatch()) {
      readUntil(late.getInputStream(), "Epoch 1 of 2");
    }
  }

  /** The server must cut it off. */
  private static void awaitEnd(Socket socket) throws IOException {
    socket.setSoTimeout((int) (30 * PATIENCE_MILLIS));
    try {
      while (socket.getInputStream().read() >= 0) {
        // Perhaps an answer first.
      }
    } catch (java.net.SocketTimeoutException e) {
      throw new AssertionError("a client that does nothing is still connected", e);
    } catch (IOException e) {
      // A reset is an end as well.
    }
  }

  /** Watches as soon as there is room again. */
  private Socket awaitWatch() throws Exception {
    for (int i = 0; i < 200; i++) {
      Socket socket = watch();
      try {
        readUntil(socket.getInputStream(), "HTTP/1.1 200");
        return socket;
      } catch (IOException | AssertionError e) {
        socket.close();
        Thread.sleep(50);
      }
    }
    throw new AssertionError("the server does not come back");
  }

  @Test
  void letsGoOfClientsThatReadNothing() throws Exception {
    List<Socket> clients = new ArrayList<>();
    try {
      // So long a table that no buffer of a socket holds it for long.
      for (int i = 0; i < 3_000; i++) {
        page.accept(epoch());
      }
      for (int i = 0; i < 8; i++) {
        Socket socket = connect();
        socket.setReceiveBufferSize(1024);
        clients.add(socket);
        send(socket, "GET /events HTTP/1.1\nHost: 127.0.0.1:PORT\n\n");
      }
      boolean served = false;
      for (int i = 0; i < 400 && !served; i++) {
        page.accept(step(1 + i % 3, 10)); // So that there is always something new to send.
        Thread.sleep(50);
        try (Socket socket = watch()) {
          readUntil(socket.getInputStream(), "HTTP/1.1 200");
          served = true;
        } catch (IOException | AssertionError e) {
          // Not yet.
        }
      }
      assertThat(served).as("a place became free").isTrue();
    } finally {
      for (Socket client : clients) {
        client.close();
      }
    }
  }

  @Test
  void refusesWhatIsTooLong() throws IOException {
    String header = "GET / HTTP/1.1\nHost: 127.0.0.1:PORT\nX-Long: " + "x".repeat(1 << 20);
    String line = "GET /" + "x".repeat(1 << 20) + " HTTP/1.1\nHost: 127.0.0.1:PORT";
    for (String request : List.of(header, line)) {
      try {
        assertThat(ask(request)).doesNotContain("HTTP/1.1 200");
      } catch (IOException e) {
        // It may hang up while we still send.
      }
    }
    assertThat(status(ask("GET / HTTP/1.1\nHost: 127.0.0.1:PORT"))).isEqualTo("200");
  }

  @Test
  void isReachedFromThisMachineOnly() throws IOException {
    assertThat(page.address().getHost()).isEqualTo("127.0.0.1");
    // Linux takes all of 127.0.0.0/8 for itself: a server on any address would answer here too.
    assertThatThrownBy(
            () -> new Socket(InetAddress.getByAddress(new byte[] {127, 0, 0, 2}), port).close())
        .isInstanceOf(ConnectException.class);
  }

  @Test
  void saysThatAPortIsTaken() {
    assertThatThrownBy(
            () -> LivePage.open(port, new Run("", "", "", Map.of()), List.of(), List.of()))
        .isInstanceOf(LeNetException.class)
        .hasMessageStartingWith("port %d of 127.0.0.1 cannot be used".formatted(port));
  }
}
