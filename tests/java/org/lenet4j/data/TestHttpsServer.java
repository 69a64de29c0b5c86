package org.lenet4j.data;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManagerFactory;

/**
 * An HTTPS server on the loopback address, well-behaved or not, with a certificate for 127.0.0.1
 * (and no other name) that only its own clients trust.
 */
final class TestHttpsServer implements AutoCloseable {
  private static final char[] PASSWORD = "changeit".toCharArray();

  /** What a client asked for; headers it did not send are null. */
  record Request(String path, String range, String ifRange) {}

  /** How to answer one request. */
  @FunctionalInterface
  interface Answer {
    void to(HttpExchange exchange) throws IOException;
  }

  static {
    // Else every answer of a head and a body waits 40 ms for a delayed acknowledgement.
    System.setProperty("sun.net.httpserver.nodelay", "true");
  }

  /** One certificate for all servers of a test run: keytool takes a second to start. */
  private static SSLContext sharedContext;

  private final HttpsServer server;
  private final SSLContext context;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final CountDownLatch closing = new CountDownLatch(1);
  private final Map<String, Deque<Answer>> answers = new ConcurrentHashMap<>();
  private final List<Request> requests = new CopyOnWriteArrayList<>();

  TestHttpsServer() throws Exception {
    context = context();
    server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setHttpsConfigurator(new HttpsConfigurator(context));
    server.setExecutor(threads);
    server.createContext("/", this::handle);
    server.start();
  }

  private static synchronized SSLContext context() throws Exception {
    if (sharedContext == null) {
      KeyStore keys = makeCertificate();
      KeyManagerFactory keyManagers =
          KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      keyManagers.init(keys, PASSWORD);
      TrustManagerFactory trustManagers =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trustManagers.init(trusting(keys));
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(keyManagers.getKeyManagers(), trustManagers.getTrustManagers(), null);
      sharedContext = context;
    }
    return sharedContext;
  }

  private static KeyStore trusting(KeyStore keys) throws GeneralSecurityException, IOException {
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    trusted.setCertificateEntry("server", keys.getCertificate("server"));
    return trusted;
  }

  private static KeyStore makeCertificate() throws Exception {
    Path directory = Files.createTempDirectory("lenet4j-test");
    Path file = directory.resolve("server.p12");
    try {
      runKeytool(file);
      KeyStore keys = KeyStore.getInstance("PKCS12");
      try (InputStream in = Files.newInputStream(file)) {
        keys.load(in, PASSWORD);
      }
      return keys;
    } finally {
      Files.deleteIfExists(file);
      Files.delete(directory);
    }
  }

  private static void runKeytool(Path keyStore) throws IOException, InterruptedException {
    String options =
        "-genkeypair -alias server -keyalg EC -groupname secp256r1 -dname CN=lenet4j-test"
            + " -ext san=ip:127.0.0.1 -storetype PKCS12 -storepass "
            + new String(PASSWORD);
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
    command.addAll(List.of(options.split(" ")));
    command.addAll(List.of("-keystore", keyStore.toString()));
    Process keytool = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(keytool.getInputStream().readAllBytes(), UTF_8);
    if (keytool.waitFor() != 0) {
      throw new IOException("keytool failed: " + output);
    }
  }

  private void handle(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getPath();
    requests.add(
        new Request(
            path,
            exchange.getRequestHeaders().getFirst("Range"),
            exchange.getRequestHeaders().getFirst("If-Range")));
    Deque<Answer> queue = answers.get(path);
    try (exchange) {
      if (queue == null) {
        status(404).to(exchange);
        return;
      }
      Answer answer;
      synchronized (queue) {
        answer = queue.size() > 1 ? queue.poll() : queue.peek();
      }
      answer.to(exchange);
    }
  }

  /** Gives the answers to the path's requests in turn, the last one to all further requests. */
  void serve(String path, Answer... inTurn) {
    answers.put(path, new ArrayDeque<>(List.of(inTurn)));
  }

  /** A folder of this server as a mirror. */
  URI folder(String name) {
    return URI.create("https://127.0.0.1:" + server.getAddress().getPort() + "/" + name + "/");
  }

  List<Request> requests() {
    return requests;
  }

  void forgetRequests() {
    requests.clear();
  }

  /** Sockets of a client that trusts this server. */
  SSLSocketFactory clientSockets() {
    return context.getSocketFactory();
  }

  static Answer status(int code) {
    return exchange -> exchange.sendResponseHeaders(code, -1);
  }

  static Answer redirect(int code, String location) {
    return exchange -> {
      exchange.getResponseHeaders().set("Location", location);
      exchange.sendResponseHeaders(code, -1);
    };
  }

  /** The whole content, whatever range was asked for. */
  static Answer whole(byte[] content, String etag) {
    return exchange -> {
      tag(exchange, etag);
      exchange.sendResponseHeaders(200, content.length);
      exchange.getResponseBody().write(content);
    };
  }

  /** The whole content without saying how long it is. */
  static Answer chunked(byte[] content) {
    return exchange -> {
      exchange.sendResponseHeaders(200, 0);
      exchange.getResponseBody().write(content);
    };
  }

  /** Promises the content and closes the connection after some bytes of it. */
  static Answer cut(byte[] content, int after, String etag) {
    return exchange -> {
      tag(exchange, etag);
      exchange.sendResponseHeaders(200, content.length);
      exchange.getResponseBody().write(content, 0, after);
      exchange.getResponseBody().flush();
    };
  }

  /** Promises the content, sends some bytes of it and then nothing until this server closes. */
  Answer hang(byte[] content, int after, String etag) {
    return exchange -> {
      if (after > 0) {
        tag(exchange, etag);
        exchange.sendResponseHeaders(200, content.length);
        exchange.getResponseBody().write(content, 0, after);
        exchange.getResponseBody().flush();
      }
      try {
        closing.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    };
  }

  /** As HTTP has it: the range if there is one and If-Range names this version, else everything. */
  static Answer ranged(byte[] content, String etag) {
    return exchange -> {
      String range = exchange.getRequestHeaders().getFirst("Range");
      String ifRange = exchange.getRequestHeaders().getFirst("If-Range");
      if (range == null || (ifRange != null && !ifRange.equals(etag))) {
        whole(content, etag).to(exchange);
        return;
      }
      int from = Integer.parseInt(range.replaceAll("bytes=(\\d+)-", "$1"));
      if (from >= content.length) {
        exchange.getResponseHeaders().set("Content-Range", "bytes */" + content.length);
        status(416).to(exchange);
        return;
      }
      partial(content, from, from, etag).to(exchange);
    };
  }

  /** Says that it sends the content from one offset and sends it from another. */
  static Answer partial(byte[] content, int said, int sent, String etag) {
    return exchange -> {
      tag(exchange, etag);
      exchange
          .getResponseHeaders()
          .set(
              "Content-Range", "bytes " + said + "-" + (content.length - 1) + "/" + content.length);
      byte[] rest = Arrays.copyOfRange(content, sent, content.length);
      exchange.sendResponseHeaders(206, rest.length);
      exchange.getResponseBody().write(rest);
    };
  }

  private static void tag(HttpExchange exchange, String etag) {
    if (etag != null) {
      exchange.getResponseHeaders().set("ETag", etag);
    }
  }

  @Override
  public void close() {
    closing.countDown();
    server.stop(0);
    threads.shutdownNow();
  }
}
