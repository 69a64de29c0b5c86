package org.lenet4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.lenet4j.data.IdxFiles;

/** A run that is watched in a browser. */
@Timeout(300)
class LiveRunTest {
  private static final Pattern ADDRESS = Pattern.compile("live at (http://127\\.0\\.0\\.1:\\d+/)");
  private static final Pattern TOKEN = Pattern.compile("name=\"token\" value=\"(\\w+)\"");

  @TempDir private Path directory;

  private final HttpClient client = HttpClient.newHttpClient();

  @Test
  void isStoppedByTheButtonAndResumed() throws Exception {
    Process process = start();
    try {
      URI address = awaitAddress(process);
      HttpResponse<Stream<String>> events =
          client.send(request(address.resolve("events")).build(), BodyHandlers.ofLines());
      assertThat(stop(address)).isEqualTo(204);
      assertThat(process.waitFor(200, TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue()).isEqualTo(130);
      String stopped =
          Files.readString(stdout())
              .lines()
              .filter(line -> line.startsWith("stopped in epoch "))
              .findFirst()
              .orElseThrow();
      assertThat(stopped).endsWith("; go on with: lenet4j train --resume 'a run'");
      assertThat(events.body().toList()).contains("event: end", "data: The training " + stopped);
    } finally {
      process.destroyForcibly();
    }
    assertThat(Files.readString(directory.resolve("stderr.txt"))).isEmpty();
    assertThat(directory.resolve("a run/last.safetensors")).isRegularFile();
    assertThat(directory.resolve("a run/report.html")).content().contains("Stopped in epoch ");
    assertThat(Files.readString(directory.resolve("a run/config.json"))).doesNotContain("--live");
  }

  private Process start() throws IOException {
    writeData();
    String options = "train --data data --device java --batch-size 4 --epochs 14000 --live";
    return Cli.start(
        directory,
        Stream.concat(Stream.of(options.split(" ")), Stream.of("--out", "a run"))
            .toArray(String[]::new));
  }

  @Test
  void leavesNothingBehindWherePortOrFolderCannotBeUsed() throws Exception {
    writeData();
    Files.createFile(directory.resolve("file"));
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String port = Integer.toString(taken.getLocalPort());
      assertFails("port %s of 127.0.0.1 cannot be used".formatted(port), "--live", port);
    }
    assertFails("file/events could not be written", "--tensorboard", "file/events");
    assertThat(directory.resolve("run")).doesNotExist();
  }

  @Test
  void opensNoPageIfTheEventsCannotBeWritten() throws IOException {
    writeData();
    Files.createDirectory(directory.resolve("events"));
    Files.createFile(directory.resolve("events/run"));
    assertFails("events/run/events.out", "--live", "--tensorboard", "events");
    assertThat(stdout()).content().doesNotContainPattern(ADDRESS);
  }

  private void assertFails(String message, String... options) {
    List<String> args = new ArrayList<>(List.of("train", "--data", "data", "--device", "java"));
    args.addAll(List.of("--out", "run"));
    args.addAll(List.of(options));
    Cli train = Cli.run(directory, args.toArray(String[]::new));
    assertThat(train.status()).isEqualTo(1);
    assertThat(train.err()).startsWith("error: ").contains(message);
  }

  private void writeData() throws IOException {
    IdxFiles.writeBars(directory.resolve("data"), 60, 10);
  }

  @Test
  void limitsConnections() throws Exception {
    Process process = start();
    List<Socket> clients = new ArrayList<>();
    try {
      URI address = awaitAddress(process);
      for (int i = 0; i < 100; i++) {
        clients.add(new Socket(address.getHost(), address.getPort()));
      }
      for (Socket client : clients.subList(64, 100)) {
        client.setSoTimeout(20_000);
        assertThat(client.getInputStream().read()).as("it is hung up on").isEqualTo(-1);
      }
    } finally {
      for (Socket client : clients) {
        client.close();
      }
      process.destroyForcibly().waitFor();
    }
  }

  private int stop(URI address) throws Exception {
    Matcher token =
        TOKEN.matcher(client.send(request(address).build(), BodyHandlers.ofString()).body());
    assertThat(token.find()).isTrue();
    String origin = address.toString().replaceFirst("/$", "");
    return client
        .send(
            request(address.resolve("stop"))
                .header("Origin", origin)
                .POST(BodyPublishers.ofString("token=" + token.group(1)))
                .build(),
            BodyHandlers.discarding())
        .statusCode();
  }

  private static HttpRequest.Builder request(URI address) {
    return HttpRequest.newBuilder(address).version(HttpClient.Version.HTTP_1_1);
  }

  private Path stdout() {
    return directory.resolve("stdout.txt");
  }

  private URI awaitAddress(Process process) throws Exception {
    while (process.isAlive()) {
      Matcher matcher = ADDRESS.matcher(Files.readString(stdout()));
      if (matcher.find()) {
        return URI.create(matcher.group(1));
      }
      Thread.sleep(20);
    }
    throw new AssertionError("ended: " + Files.readString(directory.resolve("stderr.txt")));
  }
}
