package org.lenet4j.report;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.zip.CRC32C;
import org.lenet4j.LeNetException;
import org.lenet4j.io.FileReasons;
import org.lenet4j.io.ProtobufMessage;
import org.lenet4j.training.CurvePoint;
import org.lenet4j.training.Epoch;
import org.lenet4j.training.Progress;

/**
 * The scalars of a training for TensorBoard: an event file, which is a TFRecord file of protobuf
 * messages {@code tensorflow.Event} (tensorflow/core/util/event.proto). A step is a mini-batch,
 * counted from the training's beginning.
 *
 * @since 0.1.0
 */
public final class EventFile implements Consumer<Progress>, AutoCloseable {
  private static final String VERSION = "brain.Event:2";
  private static final int CRC_MASK = 0xa282ead8;

  private final Path file;
  private final OutputStream out;
  private boolean started;

  /**
   * Begins a file. TensorBoard takes all files of a directory for one run, and forgets what earlier
   * ones have from this one's first step on.
   *
   * @param directory made if it is not there
   * @throws LeNetException if the file cannot be written, here and later
   */
  public EventFile(Path directory) {
    Objects.requireNonNull(directory, "directory must not be null");
    this.file =
        directory.resolve(
            "events.out.tfevents.%d.%d.lenet4j"
                .formatted(System.currentTimeMillis(), ProcessHandle.current().pid()));
    try {
      Files.createDirectories(directory);
      out = Files.newOutputStream(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    } catch (IOException e) {
      throw unwritable(e);
    }
    write(event().string(3, VERSION)); // file_version
  }

  /**
   * Makes the directory that is to hold the directories of runs, if it is not there, before a
   * training has left anything behind.
   *
   * @param parent of the directories of runs
   * @throws LeNetException if it cannot be written to
   */
  public static void requireUsable(Path parent) {
    Objects.requireNonNull(parent, "parent must not be null");
    try {
      Files.createDirectories(parent);
      if (!Files.isWritable(parent)) {
        throw new AccessDeniedException(parent.toString());
      }
    } catch (IOException e) {
      throw unwritable(parent, e);
    }
  }

  @Override
  public void accept(Progress progress) {
    Objects.requireNonNull(progress, "progress must not be null");
    long step = (progress.epoch() - 1L) * progress.steps() + progress.step();
    if (!started) {
      started = true;
      write(event().integer(2, step).message(7, new ProtobufMessage().integer(1, 1))); // START
    }
    progress.point().ifPresent(point -> write(event().integer(2, step).message(5, of(point))));
    progress.finished().ifPresent(epoch -> write(event().integer(2, step).message(5, of(epoch))));
  }

  private static ProtobufMessage of(CurvePoint point) {
    ProtobufMessage summary = new ProtobufMessage();
    add(summary, "loss/train", point.loss());
    add(summary, "accuracy/train", point.trainAccuracy());
    return summary;
  }

  private static ProtobufMessage of(Epoch epoch) {
    ProtobufMessage summary = new ProtobufMessage();
    add(summary, "loss/test", epoch.testLoss());
    add(summary, "accuracy/test", epoch.testAccuracy());
    add(summary, "loss/validation", epoch.validationLoss());
    add(summary, "accuracy/validation", epoch.validationAccuracy());
    add(summary, "learning_rate", epoch.learningRate());
    add(summary, "examples_per_second", epoch.examplesPerSecond());
    return summary;
  }

  /** What was not measured is left out. */
  private static void add(ProtobufMessage summary, String tag, double value) {
    if (!Double.isNaN(value)) {
      summary.message(1, new ProtobufMessage().string(1, tag).float32(2, (float) value));
    }
  }

  private static ProtobufMessage event() {
    return new ProtobufMessage().float64(1, Instant.now().toEpochMilli() * 1e-3); // wall_time
  }

  /** One record, whole: TensorBoard may be reading. */
  private void write(ProtobufMessage event) {
    byte[] data = event.toByteArray();
    ByteBuffer record = ByteBuffer.allocate(data.length + 16).order(ByteOrder.LITTLE_ENDIAN);
    record.putLong(data.length);
    record.putInt(maskedCrc(record.array(), 8));
    record.put(data);
    record.putInt(maskedCrc(data, data.length));
    try {
      out.write(record.array());
    } catch (IOException e) {
      throw unwritable(e);
    }
  }

  private static int maskedCrc(byte[] bytes, int length) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, 0, length);
    return Integer.rotateRight((int) crc.getValue(), 15) + CRC_MASK;
  }

  @Override
  public void close() {
    try {
      out.close();
    } catch (IOException e) {
      throw unwritable(e);
    }
  }

  private LeNetException unwritable(IOException e) {
    return unwritable(file, e);
  }

  private static LeNetException unwritable(Path file, IOException e) {
    return new LeNetException(file + " could not be written: " + FileReasons.of(e), e);
  }
}
