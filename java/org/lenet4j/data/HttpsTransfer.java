package org.lenet4j.data;

import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLSocketFactory;

/**
 * One attempt to bring a part file to its end with one GET over HTTPS.
 *
 * <p>HttpsURLConnection rather than java.net.http: only it limits how long a body may stall. The
 * JVM's proxy settings ({@code https.proxyHost} and its kin) apply.
 */
final class HttpsTransfer {
  private static final int PARTIAL_CONTENT = 206;
  private static final int RANGE_NOT_SATISFIABLE = 416;
  private static final int TOO_MANY_REQUESTS = 429;
  private static final int MAX_REDIRECTS = 5;
  private static final Pattern CONTENT_RANGE = Pattern.compile("bytes (\\d{1,18})-\\d+/.*");

  private final SSLSocketFactory sockets;
  private final Duration connectTimeout;
  private final Duration readTimeout;

  HttpsTransfer(SSLSocketFactory sockets, Duration connectTimeout, Duration readTimeout) {
    this.sockets = sockets;
    this.connectTimeout = connectTimeout;
    this.readTimeout = readTimeout;
  }

  /**
   * Goes on where the part ends if it is known to be of the same version, else starts over.
   *
   * @param maxBytes the whole file is refused beyond this size
   * @throws TransferException if the file did not arrive whole; what arrived stays in the part
   */
  void run(URI address, PartFile part, long maxBytes, DownloadListener listener, String name)
      throws TransferException {
    HttpsURLConnection connection = null;
    try {
      String etag = part.resumableTag(address);
      connection = request(address, etag == null ? 0 : part.size(), etag);
      preparePart(connection, address, part, etag);
      receive(connection, part, maxBytes, listener, name);
    } catch (SocketTimeoutException e) {
      throw TransferException.retryable("timed out (" + e.getMessage() + ")", e);
    } catch (UnknownHostException e) {
      throw TransferException.retryable("is an unknown host", e);
    } catch (SSLHandshakeException e) {
      throw TransferException.permanent("failed the TLS handshake (" + e.getMessage() + ")", e);
    } catch (IOException e) {
      throw TransferException.retryable("failed (" + e.getMessage() + ")", e);
    } finally {
      if (connection != null) {
        connection.disconnect();
      }
    }
  }

  /** Sends the request and follows redirects, as long as they stay on HTTPS. */
  private HttpsURLConnection request(URI address, long offset, String etag)
      throws IOException, TransferException {
    URI target = address;
    for (int hop = 0; hop <= MAX_REDIRECTS; hop++) {
      if (!"https".equalsIgnoreCase(target.getScheme())) {
        throw TransferException.permanent(
            hop == 0 ? "is not HTTPS" : "redirects to " + target + ", which is not HTTPS");
      }
      HttpsURLConnection connection = (HttpsURLConnection) target.toURL().openConnection();
      connection.setSSLSocketFactory(sockets);
      connection.setConnectTimeout(Math.toIntExact(connectTimeout.toMillis()));
      connection.setReadTimeout(Math.toIntExact(readTimeout.toMillis()));
      connection.setInstanceFollowRedirects(false);
      connection.setUseCaches(false);
      connection.setRequestProperty("User-Agent", "lenet4j");
      // The file itself, not one compressed for the way: sizes and ranges must mean its bytes.
      connection.setRequestProperty("Accept-Encoding", "identity");
      if (offset > 0) {
        connection.setRequestProperty("Range", "bytes=" + offset + "-");
        connection.setRequestProperty("If-Range", etag);
      }
      if (!isRedirect(connection.getResponseCode())) {
        return connection;
      }
      String location = connection.getHeaderField("Location");
      connection.disconnect();
      target = resolve(target, location);
    }
    throw TransferException.permanent("redirects more than " + MAX_REDIRECTS + " times");
  }

  private static boolean isRedirect(int code) {
    return switch (code) {
      case 301, 302, 303, 307, 308 -> true;
      default -> false;
    };
  }

  private static URI resolve(URI base, String location) throws TransferException {
    if (location == null) {
      throw TransferException.permanent("redirects without saying where");
    }
    try {
      return base.resolve(location);
    } catch (IllegalArgumentException e) {
      throw TransferException.permanent("redirects to the malformed address " + location, e);
    }
  }

  /** Leaves the part at the place where the body of the answer goes on, or refuses the answer. */
  private static void preparePart(
      HttpsURLConnection connection, URI address, PartFile part, String etag)
      throws IOException, TransferException {
    int code = connection.getResponseCode();
    if (code == HttpURLConnection.HTTP_OK) {
      // Also the answer to a range of another version, or of a server without ranges.
      part.restart(address, connection.getHeaderField("ETag"));
    } else if (code == PARTIAL_CONTENT && etag != null) {
      if (!goesOn(connection, part.size(), etag)) {
        part.discard();
        throw TransferException.retryable("answered another range than the one asked for");
      }
    } else if (code == RANGE_NOT_SATISFIABLE && etag != null) {
      part.discard();
      throw TransferException.retryable("no longer has the rest of the file");
    } else {
      String message = "answered HTTP " + code;
      throw code >= 500
              || code == HttpURLConnection.HTTP_CLIENT_TIMEOUT
              || code == TOO_MANY_REQUESTS
          ? TransferException.retryable(message)
          : TransferException.permanent(message);
    }
  }

  private static boolean goesOn(HttpsURLConnection connection, long offset, String etag) {
    String range = connection.getHeaderField("Content-Range");
    Matcher matcher = CONTENT_RANGE.matcher(range == null ? "" : range);
    return matcher.matches()
        && Long.parseLong(matcher.group(1)) == offset
        && etag.equals(connection.getHeaderField("ETag"));
  }

  private static void receive(
      HttpsURLConnection connection,
      PartFile part,
      long maxBytes,
      DownloadListener listener,
      String name)
      throws IOException, TransferException {
    long bytes = part.size();
    long length = connection.getContentLengthLong();
    long total = length < 0 ? -1 : bytes + length;
    if (total > maxBytes) {
      throw tooLarge(part, total + " bytes", maxBytes);
    }
    listener.progress(name, bytes, total);
    byte[] chunk = new byte[1 << 16];
    try (InputStream body = connection.getInputStream()) {
      for (int count = body.read(chunk); count >= 0; count = body.read(chunk)) {
        bytes += count;
        if (bytes > maxBytes) {
          throw tooLarge(part, "more than " + maxBytes + " bytes", maxBytes);
        }
        part.append(chunk, count);
        listener.progress(name, bytes, total);
      }
    }
    if (bytes < total) {
      throw TransferException.retryable("stopped after " + bytes + " of " + total + " bytes");
    }
  }

  private static TransferException tooLarge(PartFile part, String found, long maxBytes) {
    part.discard();
    return TransferException.permanent(
        "offers " + found + ", expected at most " + maxBytes + " bytes");
  }
}
