package org.lenet4j.cli;

import me.tongfei.progressbar.ProgressBar;
import org.lenet4j.data.DownloadListener;

/** Shows downloads: one line a file, and on a terminal a bar while it lasts. */
final class DownloadDisplay implements DownloadListener, AutoCloseable {
  private static final long KIB = 1024;

  private final Output output;
  private String current = "";
  private ProgressBar bar;

  DownloadDisplay(Output output) {
    this.output = output;
  }

  @Override
  public void progress(String file, long bytes, long total) {
    if (!file.equals(current)) {
      close();
      current = file;
      output.info("downloading " + file);
      if (output.showsBars()) {
        bar = output.bar().setTaskName(file).setUnit(" KiB", KIB).setInitialMax(total).build();
      }
    }
    if (bar != null) {
      bar.stepTo(bytes);
    }
  }

  @Override
  public void close() {
    if (bar != null) {
      bar.close();
      bar = null;
    }
  }
}
