package org.lenet4j.report;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.lenet4j.LeNetException;

/**
 * Serves one page on 127.0.0.1, tells its visitors what is new by server-sent events, and takes one
 * order, to stop. It serves no files, and nothing to other sites that a browser on this machine
 * shows: these name themselves in Origin, or themselves as Host when they make a name of their own
 * lead here (DNS rebinding), and do not know the token of the order.
 */
final class LiveServer {
  /** What is served. Its methods are called from several threads. */
  interface Content {
    /**
     * The page now.
     *
     * @param policy its Content-Security-Policy
     * @param token that it sends along with an order
     */
    String page(String policy, String token);

    /** HTML of what has changed; the same object as long as nothing has. */
    String progress();

    void stop();
  }

  /** A server-sent event. */
  record Event(String name, String data) {
    byte[] bytes() {
      String lines = data.lines().map(line -> "data: " + line).collect(Collectors.joining("\n"));
      return "event: %s\n%s\n\n".formatted(name, lines).getBytes(UTF_8);
    }
  }

  private static final String POLICY =
      "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'self';"
          + " connect-src 'self'; form-action 'self'; base-uri 'none'";

  private static final Map<String, String> HEADERS =
      Map.of(
          "Content-Security-Policy", "frame-ancestors 'none'",
          "Cross-Origin-Resource-Policy", "same-origin",
          "Cross-Origin-Opener-Policy", "same-origin",
          "Referrer-Policy", "same-origin",
          "X-Content-Type-Options", "nosniff",
          "Cache-Control", "no-store");

  private static final int MAX_BODY_BYTES = 256;
  private static final int MAX_STREAMS = 8;
  private static final int THREADS = 2 * MAX_STREAMS;
  private static final int TOKEN_BYTES = 16;
  private static final long UPDATE_MILLIS = 250;
  private static final long END_MILLIS = 3000;

  private static final byte[] NOTHING_NEW = ":\n\n".getBytes(UTF_8);

  private final Content content;
  private final String token;
  private final HttpServer server;
  private final Set<String> hosts;
  private final Watchdog threads;
  private final Semaphore streams = new Semaphore(MAX_STREAMS);
  private final CountDownLatch ended = new CountDownLatch(1);
  private volatile List<Event> lastEvents = List.of();

  /**
   * Begins to serve.
   *
   * @param port 0 for any that is free
   * @param patienceMillis after which a client that neither sends nor reads is cut off
   */
  LiveServer(int port, long patienceMillis, Content content) {
    this.content = content;
    this.token = randomToken();
    this.server = bind(port);
    int bound = server.getAddress().getPort();
    this.hosts = Set.of("127.0.0.1:" + bound, "localhost:" + bound);
    this.threads = new Watchdog(THREADS, TimeUnit.MILLISECONDS.toNanos(patienceMillis));
    server.setExecutor(threads);
    server.createContext("/", this::handle);
    server.start();
  }

  static void requireUsable(int port) {
    // Not an HttpServer: one that was never started does not let go of its port.
    try (ServerSocket socket = new ServerSocket()) {
      socket.bind(loopback(port));
    } catch (IOException e) {
      throw unusable(port, e);
    }
  }

  private static HttpServer bind(int port) {
    try {
      return HttpServer.create(loopback(port), 0);
    } catch (IOException e) {
      throw unusable(port, e);
    }
  }

  private static InetSocketAddress loopback(int port) throws IOException {
    return new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), port);
  }

  private static LeNetException unusable(int port, IOException e) {
    if (e instanceof BindException) {
      return new LeNetException(
          "port %d of 127.0.0.1 cannot be used (%s): name another one with --live, or none for any"
                  .formatted(port, e.getMessage())
              + " that is free",
          e);
    }
    return new LeNetException("the live page cannot be served: " + e.getMessage(), e);
  }

  private static String randomToken() {
    byte[] bytes = new byte[TOKEN_BYTES];
    new SecureRandom().nextBytes(bytes);
    return HexFormat.of().formatHex(bytes);
  }

  URI address() {
    return URI.create("http://127.0.0.1:%d/".formatted(server.getAddress().getPort()));
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      HEADERS.forEach(exchange.getResponseHeaders()::set);
      if (!isFromHere(exchange.getRequestHeaders())) {
        refuse(exchange, 403, "only pages of this server may ask");
        return;
      }
      switch (exchange.getRequestURI().getRawPath()) {
        case "/" -> {
          if (requireMethod(exchange, "GET")) {
            send(exchange, "text/html", content.page(POLICY, token));
          }
        }
        case "/live.js" -> {
          if (requireMethod(exchange, "GET")) {
            send(exchange, "text/javascript", Html.resource("live.js"));
          }
        }
        case "/events" -> {
          if (requireMethod(exchange, "GET")) {
            stream(exchange);
          }
        }
        case "/stop" -> {
          if (requireMethod(exchange, "POST")) {
            stop(exchange);
          }
        }
        default -> refuse(exchange, 404, "there is no such page");
      }
    }
  }

  private boolean isFromHere(Headers headers) {
    List<String> host = headers.getOrDefault("Host", List.of());
    List<String> origin = headers.getOrDefault("Origin", List.of());
    return host.size() == 1
        && hosts.contains(withPort(host.get(0)))
        && origin.stream().allMatch(this::isOwn);
  }

  private boolean isOwn(String origin) {
    String scheme = "http://";
    return origin.startsWith(scheme) && hosts.contains(withPort(origin.substring(scheme.length())));
  }

  /** Browsers leave out the port 80. */
  private static String withPort(String host) {
    return (host.contains(":") ? host : host + ":80").toLowerCase(Locale.ROOT);
  }

  private static boolean requireMethod(HttpExchange exchange, String method) throws IOException {
    if (exchange.getRequestMethod().equals(method)) {
      return true;
    }
    exchange.getResponseHeaders().set("Allow", method);
    refuse(exchange, 405, "only " + method + " is possible here");
    return false;
  }

  private void stop(HttpExchange exchange) throws IOException {
    byte[] body = exchange.getRequestBody().readNBytes(MAX_BODY_BYTES + 1);
    byte[] expected = ("token=" + token).getBytes(UTF_8);
    if (body.length > MAX_BODY_BYTES) {
      refuse(exchange, 413, "that is too long");
    } else if (!exchange.getRequestHeaders().containsKey("Origin")
        || !MessageDigest.isEqual(body, expected)) {
      refuse(exchange, 403, "only the button of the live page stops the training");
    } else {
      content.stop();
      exchange.sendResponseHeaders(204, -1);
    }
  }

  /** The figures whenever they are new, and the last events at the end. */
  private void stream(HttpExchange exchange) throws IOException {
    if (!streams.tryAcquire()) {
      refuse(exchange, 503, "too many pages watch already");
      return;
    }
    try {
      exchange.getResponseHeaders().set("Content-Type", "text/event-stream");
      exchange.sendResponseHeaders(200, 0);
      OutputStream out = exchange.getResponseBody();
      String sent = "";
      do {
        String progress = content.progress();
        // Always something, for this is how one learns that the client has gone.
        write(out, progress.equals(sent) ? NOTHING_NEW : new Event("progress", progress).bytes());
        sent = progress;
      } while (!ended.await(UPDATE_MILLIS, TimeUnit.MILLISECONDS));
      for (Event event : lastEvents) {
        write(out, event.bytes());
      }
      out.close(); // Before the place is free, which is when the server may end.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      streams.release();
    }
  }

  /** A client that does not read holds up its own thread only, and that not for long. */
  private void write(OutputStream out, byte[] bytes) throws IOException {
    threads.touch();
    out.write(bytes);
    out.flush();
    threads.touch();
  }

  private static void send(HttpExchange exchange, String type, String text) throws IOException {
    byte[] bytes = text.getBytes(UTF_8);
    exchange.getResponseHeaders().set("Content-Type", type + "; charset=utf-8");
    exchange.sendResponseHeaders(200, bytes.length);
    exchange.getResponseBody().write(bytes);
  }

  private static void refuse(HttpExchange exchange, int status, String reason) throws IOException {
    byte[] bytes = (reason + "\n").getBytes(UTF_8);
    exchange.getResponseHeaders().set("Content-Type", "text/plain; charset=utf-8");
    // Whoever sends what nobody asked for does not get a second try on this connection.
    exchange.getResponseHeaders().set("Connection", "close");
    if (exchange.getRequestMethod().equals("HEAD")) {
      exchange.sendResponseHeaders(status, -1);
    } else {
      exchange.sendResponseHeaders(status, bytes.length);
      exchange.getResponseBody().write(bytes);
    }
  }

  /** Tells all who watch, waits a moment for the slow ones, and ends; for one thread only. */
  void end(List<Event> events) {
    if (ended.getCount() == 0) {
      return;
    }
    lastEvents = List.copyOf(events);
    ended.countDown();
    boolean interrupted = Thread.interrupted();
    try {
      boolean unused = streams.tryAcquire(MAX_STREAMS, END_MILLIS, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      interrupted = true;
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
      server.stop(0);
      threads.shutdownNow();
    }
  }
}
