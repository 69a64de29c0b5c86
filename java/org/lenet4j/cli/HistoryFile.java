package org.lenet4j.cli;

import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Iterator;
import java.util.List;
import java.util.function.Consumer;
import org.lenet4j.LeNetException;
import org.lenet4j.io.AtomicFile;
import org.lenet4j.io.FileReasons;
import org.lenet4j.training.CurvePoint;
import org.lenet4j.training.Epoch;
import org.lenet4j.training.Progress;

/**
 * The history of a training as JSON lines, one for each curve point and one for each epoch, written
 * as they come so that a run can be watched and one that is cut off leaves its history.
 */
final class HistoryFile implements Consumer<Progress>, AutoCloseable {
  private final Path file;
  private final BufferedWriter lines;

  /**
   * Begins a file, or goes on with one from what a checkpoint knows: what came later will come
   * again.
   *
   * @param history the checkpoint's; empty without one
   * @param curve likewise
   */
  HistoryFile(Path file, List<Epoch> history, List<CurvePoint> curve) {
    this.file = file;
    rewind(file, history, curve);
    try {
      lines = Files.newBufferedWriter(file, StandardCharsets.UTF_8, StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw unwritable(e);
    }
  }

  private static void rewind(Path file, List<Epoch> history, List<CurvePoint> curve) {
    StringBuilder text = new StringBuilder();
    Iterator<Epoch> epochs = history.iterator();
    for (CurvePoint point : curve) {
      text.append(point.toJson()).append('\n');
      // The last point of an epoch is at its very end.
      if (point.epoch() == Math.rint(point.epoch()) && epochs.hasNext()) {
        text.append(epochs.next().toJson()).append('\n');
      }
    }
    byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
    AtomicFile.write(file, out -> out.write(bytes));
  }

  @Override
  public void accept(Progress progress) {
    progress.point().ifPresent(point -> write(point.toJson()));
    progress.finished().ifPresent(epoch -> write(epoch.toJson()));
  }

  private void write(String line) {
    try {
      lines.write(line);
      lines.write('\n');
      lines.flush();
    } catch (IOException e) {
      throw unwritable(e);
    }
  }

  @Override
  public void close() {
    try {
      lines.close();
    } catch (IOException e) {
      throw unwritable(e);
    }
  }

  private LeNetException unwritable(IOException e) {
    return new LeNetException(file + " could not be written: " + FileReasons.of(e), e);
  }
}
