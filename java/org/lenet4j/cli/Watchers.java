package org.lenet4j.cli;

import java.util.Optional;
import java.util.function.Consumer;
import org.lenet4j.report.EventFile;
import org.lenet4j.report.LivePage;
import org.lenet4j.report.Report;
import org.lenet4j.training.Progress;

/**
 * Those who watch a training elsewhere than on the terminal.
 *
 * @param page in a browser
 * @param events in TensorBoard
 */
record Watchers(Optional<LivePage> page, Optional<EventFile> events)
    implements Consumer<Progress>, AutoCloseable {
  @Override
  public void accept(Progress progress) {
    page.ifPresent(live -> live.accept(progress));
    events.ifPresent(file -> file.accept(progress));
  }

  /** Whether one of them wants the training to stop. */
  boolean stopRequested() {
    return page.isPresent() && page.get().stopRequested();
  }

  void finish(Report report, String message) {
    page.ifPresent(live -> live.finish(report, message));
  }

  @Override
  public void close() {
    page.ifPresent(LivePage::close);
    events.ifPresent(EventFile::close);
  }
}
