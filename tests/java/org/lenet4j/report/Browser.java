package org.lenet4j.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.lenet4j.io.Json;

/**
 * A headless Chromium with one tab, driven through the Chrome DevTools Protocol. Tests that want
 * one are skipped where there is none.
 */
public final class Browser implements AutoCloseable, WebSocket.Listener {
  private static final List<String> NAMES =
      List.of("chromium", "chromium-browser", "google-chrome");
  private static final long SECONDS = 120;

  private final Process process;
  private final WebSocket tab;
  private final AtomicLong lastId = new AtomicLong();
  private final Map<Long, CompletableFuture<Map<?, ?>>> pending = new ConcurrentHashMap<>();
  private final List<String> errors = new CopyOnWriteArrayList<>();
  private final StringBuilder message = new StringBuilder();

  /**
   * Starts one.
   *
   * @param profile an empty directory
   */
  public Browser(Path profile) {
    Optional<Path> program = find();
    assumeTrue(
        program.isPresent(), "no Chromium here (Debian's package chromium): this test is skipped");
    try {
      process = start(program.get(), profile);
      tab =
          HttpClient.newHttpClient()
              .newWebSocketBuilder()
              .buildAsync(tabAddress(profile), this)
              .join();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    for (String domain : List.of("Page", "Runtime", "Log", "Network")) {
      send(domain + ".enable", Map.of());
    }
  }

  private static Optional<Path> find() {
    return NAMES.stream()
        .flatMap(
            name ->
                Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
                    .map(directory -> Path.of(directory, name)))
        .filter(Files::isExecutable)
        .findFirst();
  }

  private static Process start(Path program, Path profile) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(program.toString());
    command.addAll(
        List.of(
            "--headless",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--hide-scrollbars",
            "--no-first-run",
            "--remote-debugging-port=0",
            "--user-data-dir=" + profile));
    if (System.getProperty("user.name").equals("root")) {
      command.add("--no-sandbox"); // Chromium's sandbox refuses to run as root, as in a container.
    }
    command.add("about:blank");
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("TMPDIR", profile.toString());
    return builder
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .start();
  }

  private URI tabAddress(Path profile) throws IOException {
    Path file = profile.resolve("DevToolsActivePort");
    await("a browser", () -> Files.exists(file) && Files.readAllLines(file).size() > 1);
    String port = Files.readAllLines(file).get(0);
    try {
      String tabs =
          HttpClient.newHttpClient()
              .send(
                  HttpRequest.newBuilder(
                          URI.create("http://127.0.0.1:%s/json/list".formatted(port)))
                      .build(),
                  BodyHandlers.ofString())
              .body();
      return ((List<?>) Json.parse(tabs))
          .stream()
              .map(entry -> (Map<?, ?>) entry)
              .filter(entry -> "page".equals(entry.get("type")))
              .map(entry -> URI.create((String) entry.get("webSocketDebuggerUrl")))
              .findFirst()
              .orElseThrow();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public CompletionStage<?> onText(WebSocket socket, CharSequence part, boolean last) {
    message.append(part);
    if (last) {
      receive((Map<?, ?>) Json.parse(message.toString()));
      message.setLength(0);
    }
    socket.request(1);
    return null;
  }

  private void receive(Map<?, ?> answer) {
    if (answer.get("id") instanceof Long id) {
      pending.remove(id).complete(answer);
    } else if (isError((String) answer.get("method"), (Map<?, ?>) answer.get("params"))) {
      errors.add(Json.line(answer));
    }
  }

  private static boolean isError(String method, Map<?, ?> params) {
    return switch (method) {
      case "Runtime.exceptionThrown" -> true;
      case "Runtime.consoleAPICalled" -> List.of("error", "warning").contains(params.get("type"));
      case "Log.entryAdded" -> ((Map<?, ?>) params.get("entry")).get("level").equals("error");
      default -> false;
    };
  }

  private Map<?, ?> send(String method, Map<String, Object> params) {
    long id = lastId.incrementAndGet();
    CompletableFuture<Map<?, ?>> answer = new CompletableFuture<>();
    pending.put(id, answer);
    tab.sendText(Json.line(Map.of("id", id, "method", method, "params", params)), true).join();
    Map<?, ?> fields = answer.orTimeout(SECONDS, TimeUnit.SECONDS).join();
    assertThat(fields.get("error")).as(method).isNull();
    return (Map<?, ?>) fields.get("result");
  }

  /** Loads a page and waits until everything in it is there. */
  public void open(URI address) {
    send("Page.navigate", Map.of("url", address.toString()));
    await(
        address.toString(),
        () ->
            Boolean.TRUE.equals(
                evaluate("document.readyState === 'complete' && location.href !== 'about:blank'")));
  }

  /** The value of a JavaScript expression. */
  public Object evaluate(String expression) {
    Map<?, ?> answer =
        send("Runtime.evaluate", Map.of("expression", expression, "returnByValue", true));
    assertThat(answer.get("exceptionDetails")).as(expression).isNull();
    return ((Map<?, ?>) answer.get("result")).get("value");
  }

  /** Waits until a JavaScript expression is true. */
  public void await(String expression) {
    await(expression, () -> Boolean.TRUE.equals(evaluate(expression)));
  }

  private interface Condition {
    boolean isMet() throws IOException;
  }

  private void await(String what, Condition condition) {
    long start = System.nanoTime();
    try {
      while (!condition.isMet()) {
        if (System.nanoTime() - start > TimeUnit.SECONDS.toNanos(SECONDS)) {
          throw new AssertionError("waited in vain for " + what + "; errors: " + errors);
        }
        Thread.sleep(20);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** What kind of screen the page is shown on. */
  void screen(int width, int height, boolean dark) {
    send(
        "Emulation.setDeviceMetricsOverride",
        Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", width < 600));
    send(
        "Emulation.setEmulatedMedia",
        Map.of(
            "features",
            List.of(Map.of("name", "prefers-color-scheme", "value", dark ? "dark" : "light"))));
  }

  void press(String key) {
    for (String type : List.of("keyDown", "keyUp")) {
      send("Input.dispatchKeyEvent", Map.of("type", type, "key", key, "code", key));
    }
  }

  /** The whole page as a PNG. */
  void screenshot(Path file) {
    Map<?, ?> answer =
        send("Page.captureScreenshot", Map.of("format", "png", "captureBeyondViewport", true));
    try {
      Files.write(file, Base64.getDecoder().decode((String) answer.get("data")));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What the console has complained about. */
  public List<String> errors() {
    return errors;
  }

  @Override
  public void close() {
    tab.abort();
    Stream.concat(process.descendants(), Stream.of(process.toHandle()))
        .toList()
        .forEach(ProcessHandle::destroyForcibly);
    process.onExit().join();
  }
}
