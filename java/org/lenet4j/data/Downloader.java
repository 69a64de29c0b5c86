package org.lenet4j.data;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLSocketFactory;
import org.lenet4j.LeNetException;
import org.lenet4j.io.DirectoryLock;

/**
 * Fetches files over HTTPS from the first of several mirrors that serves the right content.
 *
 * <p>A file appears under its name only when it is whole, durable and of the expected SHA-256;
 * until then it grows in a part file that a later run resumes. Any number of threads and processes
 * may ask for the same file at once: one downloads, the others wait and find it there.
 */
final class Downloader {
  /**
   * A file to fetch. The hash and the size are those of the uncompressed content, as mirrors pack
   * differently.
   */
  record RemoteFile(String name, String sha256, long contentBytes) {
    /** Packing can add a little to content that does not compress. */
    private long maxBytes() {
      return contentBytes + contentBytes / 1000 + (1 << 10);
    }
  }

  /**
   * How patient to be.
   *
   * @param readTimeout longest silence of a server, not of a whole download
   * @param attempts per mirror
   * @param backoff before the second attempt; doubles with every further one
   */
  record Patience(Duration connectTimeout, Duration readTimeout, int attempts, Duration backoff) {
    static final Patience DEFAULT =
        new Patience(Duration.ofSeconds(10), Duration.ofSeconds(30), 3, Duration.ofMillis(500));
  }

  private final HttpsTransfer transfer;
  private final Patience patience;

  Downloader() {
    this((SSLSocketFactory) SSLSocketFactory.getDefault(), Patience.DEFAULT);
  }

  Downloader(SSLSocketFactory sockets, Patience patience) {
    this.transfer = new HttpsTransfer(sockets, patience.connectTimeout(), patience.readTimeout());
    this.patience = patience;
  }

  /**
   * Makes sure that the file is in the directory, which is created if need be. A file that is
   * already there under its name is taken as it is.
   *
   * @param mirrors addresses of folders that hold the file, ending in a slash
   * @param remedy what the user can do if all mirrors fail; ends the sentence
   * @throws LeNetException naming every mirror's cause, or what could not be written here
   */
  @SuppressWarnings("try") // the lock is held, not used
  void fetch(
      RemoteFile file,
      List<URI> mirrors,
      Path directory,
      DownloadListener listener,
      String remedy) {
    Path target = directory.resolve(file.name());
    try {
      Files.createDirectories(directory);
      try (DirectoryLock lock = DirectoryLock.acquire(directory)) {
        fetchAlone(file, mirrors, target, listener, remedy);
      }
    } catch (IOException e) {
      throw FileFaults.unwritable(directory, e);
    }
  }

  /** With the directory's lock held, under which another download may have brought the file. */
  private void fetchAlone(
      RemoteFile file, List<URI> mirrors, Path target, DownloadListener listener, String remedy) {
    if (Files.exists(target)) {
      return;
    }
    try (PartFile part = PartFile.open(target)) {
      List<String> causes = new ArrayList<>();
      for (URI mirror : mirrors) {
        String cause = fetchFrom(mirror.resolve(file.name()), file, part, listener);
        if (cause == null) {
          return;
        }
        causes.add(cause);
      }
      throw new LeNetException(
          file.name() + " could not be downloaded: " + String.join("; ", causes) + "; " + remedy);
    }
  }

  /** Null when the file is in place, else why this mirror could not put it there. */
  private String fetchFrom(URI address, RemoteFile file, PartFile part, DownloadListener listener) {
    for (int attempt = 1; ; attempt++) {
      try {
        boolean resumed = part.resumableTag(address) != null;
        transfer.run(address, part, file.maxBytes(), listener, file.name());
        verify(part, file, resumed);
        part.publish();
        return null;
      } catch (TransferException e) {
        if (!e.isRetryable() || attempt == patience.attempts()) {
          return address + " " + e.getMessage();
        }
        pause(attempt, file);
      }
    }
  }

  /** A wrong file goes; it deserves another attempt only if an earlier part was in it. */
  private static void verify(PartFile part, RemoteFile file, boolean resumed)
      throws TransferException {
    String found;
    try {
      found = "SHA-256 " + ContentFile.sha256(part.path(), file.contentBytes());
    } catch (LeNetException e) {
      found = e.getMessage();
    }
    if (!found.equals("SHA-256 " + file.sha256())) {
      part.discard();
      String message =
          "served other content (found " + found + ", expected SHA-256 " + file.sha256() + ")";
      throw resumed ? TransferException.retryable(message) : TransferException.permanent(message);
    }
  }

  private void pause(int attempt, RemoteFile file) {
    try {
      Thread.sleep(patience.backoff().toMillis() << (attempt - 1));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new LeNetException(
          "the download of " + file.name() + " was interrupted; run it again to resume it", e);
    }
  }
}
