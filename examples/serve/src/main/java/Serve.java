import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.Executors;
import javax.imageio.ImageIO;
import org.lenet4j.training.LeNet;

/**
 * Answers a picture with its class: {@code Serve MODEL PORT}, then {@code curl --data-binary
 * @shirt.png http://127.0.0.1:PORT/}. One network serves all threads.
 */
class Serve {
  private static final int MAX_BYTES = 10 << 20;

  public static void main(String[] args) throws IOException {
    LeNet net = LeNet.load(Path.of(args[0]));
    InetSocketAddress address =
        new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(args[1]));
    HttpServer server = HttpServer.create(address, 0);
    server.setExecutor(Executors.newFixedThreadPool(4));
    server.createContext("/", exchange -> answer(net, exchange));
    server.start();
    System.out.println("listening on " + server.getAddress());
  }

  private static void answer(LeNet net, HttpExchange exchange) throws IOException {
    try (exchange) {
      byte[] body = exchange.getRequestBody().readNBytes(MAX_BYTES);
      BufferedImage picture = ImageIO.read(new ByteArrayInputStream(body));
      if (picture == null) {
        respond(exchange, 400, "send a picture: PNG, JPEG, GIF or BMP\n");
        return;
      }
      float[] probabilities = net.predict(picture);
      int best = 0;
      for (int i = 1; i < probabilities.length; i++) {
        if (probabilities[i] > probabilities[best]) {
          best = i;
        }
      }
      respond(exchange, 200, "%s %.3f%n".formatted(net.labels().get(best), probabilities[best]));
    }
  }

  private static void respond(HttpExchange exchange, int status, String text) throws IOException {
    byte[] body = text.getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("Content-Type", "text/plain; charset=utf-8");
    exchange.sendResponseHeaders(status, body.length);
    exchange.getResponseBody().write(body);
  }
}
