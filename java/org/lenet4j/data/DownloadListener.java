package org.lenet4j.data;

/**
 * Hears how far a download has come. Called often, on the thread that downloads.
 *
 * @since 0.1.0
 */
@FunctionalInterface
public interface DownloadListener {
  /** Hears nothing. */
  DownloadListener SILENT = (file, bytes, total) -> {};

  /**
   * More of a file has arrived; the first call of a file may start above 0, at the point where an
   * interrupted download goes on, and a mirror that must start over brings the count back to 0.
   *
   * @param file name of the file
   * @param bytes bytes on disk so far
   * @param total bytes of the whole file, or -1 if the server did not say
   */
  void progress(String file, long bytes, long total);
}
