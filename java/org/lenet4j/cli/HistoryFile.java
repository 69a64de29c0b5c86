package org.lenet4j.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.MinimalPrettyPrinter;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.function.Consumer;
import org.lenet4j.LeNetException;
import org.lenet4j.io.FileReasons;
import org.lenet4j.training.CurvePoint;
import org.lenet4j.training.Epoch;
import org.lenet4j.training.Progress;

/**
 * The history of a training as JSON lines, one for each curve point and one for each epoch, written
 * as they come so that a run can be watched and one that is cut off leaves its history.
 */
final class HistoryFile implements Consumer<Progress>, AutoCloseable {
  private interface Fields {
    void write() throws IOException;
  }

  private final Path file;
  private final JsonGenerator json;

  /** The file must not be there yet. */
  HistoryFile(Path file) {
    this.file = file;
    try {
      json =
          new JsonFactory()
              .createGenerator(
                  Files.newOutputStream(
                      file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE));
    } catch (FileAlreadyExistsException e) {
      throw new LeNetException(file + " belongs to another run: name a new folder with --out", e);
    } catch (IOException e) {
      throw unwritable(e);
    }
    json.setPrettyPrinter(new MinimalPrettyPrinter(""));
  }

  @Override
  public void accept(Progress progress) {
    progress.point().ifPresent(point -> line("point", () -> write(point)));
    progress.finished().ifPresent(epoch -> line("epoch", () -> write(epoch)));
  }

  private void line(String type, Fields fields) {
    try {
      json.writeStartObject();
      json.writeStringField("type", type);
      fields.write();
      json.writeEndObject();
      json.writeRaw('\n');
      json.flush();
    } catch (IOException e) {
      throw unwritable(e);
    }
  }

  private void write(CurvePoint point) throws IOException {
    json.writeNumberField("epoch", point.epoch());
    json.writeNumberField("loss", point.loss());
    json.writeNumberField("train_acc", point.trainAccuracy());
  }

  private void write(Epoch epoch) throws IOException {
    json.writeNumberField("epoch", epoch.number());
    json.writeNumberField("loss", epoch.loss());
    json.writeNumberField("train_acc", epoch.trainAccuracy());
    json.writeNumberField("test_loss", epoch.testLoss());
    json.writeNumberField("test_acc", epoch.testAccuracy());
    json.writeNumberField("examples", epoch.examples());
    json.writeNumberField("step_seconds", epoch.stepSeconds());
    json.writeNumberField("train_seconds", epoch.trainSeconds());
    json.writeNumberField("evaluation_seconds", epoch.evaluationSeconds());
    json.writeNumberField("examples_per_sec", epoch.examplesPerSecond());
  }

  @Override
  public void close() {
    try {
      json.close();
    } catch (IOException e) {
      throw unwritable(e);
    }
  }

  private LeNetException unwritable(IOException e) {
    return new LeNetException(file + " could not be written: " + FileReasons.of(e), e);
  }
}
