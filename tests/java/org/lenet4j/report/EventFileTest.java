package org.lenet4j.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lenet4j.LeNetException;
import org.lenet4j.Python;
import org.lenet4j.io.Json;
import org.lenet4j.training.CurvePoint;
import org.lenet4j.training.Epoch;
import org.lenet4j.training.Progress;

/** Event files, read by a reader of our own and, where Python has it, by TensorBoard's. */
class EventFileTest {
  private static final String READER =
      """
      import json, sys
      from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
      events = EventAccumulator(sys.argv[1])
      events.Reload()
      print(json.dumps({tag: [[e.step, e.value] for e in events.Scalars(tag)]
                        for tag in events.Tags()["scalars"]}))
      """;

  @TempDir private Path directory;

  private static Progress point(int epoch, int step, double loss, double accuracy) {
    CurvePoint point = new CurvePoint(epoch - 1 + step / 4.0, loss, accuracy);
    return new Progress(epoch, 3, step, 4, 0, 120, Optional.of(point), Optional.empty());
  }

  private static Progress nothing(int epoch, int step) {
    return new Progress(epoch, 3, step, 4, 0, 120, Optional.empty(), Optional.empty());
  }

  private static Progress end(int number, double validation) {
    Epoch epoch =
        new Epoch(number, 0.5, 1, 0.5, validation, validation / 2, 1.25, 0.75, 40, 0.01, 1, 1);
    return new Progress(number, 3, 4, 4, 40, 120, Optional.empty(), Optional.of(epoch));
  }

  private void writeRun() {
    try (EventFile events = new EventFile(directory)) {
      events.accept(point(1, 2, 2.5, 0.125));
      events.accept(nothing(1, 3));
      events.accept(end(1, Double.NaN));
      events.accept(point(2, 300, 1e-3, 1));
    }
  }

  private Path file() throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.findFirst().orElseThrow();
    }
  }

  @Test
  void holdsEveryScalarAtItsStep() throws IOException {
    double before = Instant.now().toEpochMilli() * 1e-3;
    writeRun();
    assertThat(file().getFileName().toString()).startsWith("events.out.tfevents.");
    List<Map<Integer, List<Object>>> events = records(Files.readAllBytes(file()));
    assertThat(events).hasSize(5);
    assertThat(text(events.get(0).get(3).get(0))).isEqualTo("brain.Event:2");
    List<Map<Integer, List<Object>>> summaries = events.subList(2, 5);
    assertThat(summaries.stream().map(event -> event.get(2)))
        .containsExactly(List.of(2L), List.of(4L), List.of(304L));
    for (Map<Integer, List<Object>> event : events) {
      double wallTime = Double.longBitsToDouble((long) event.get(1).get(0));
      assertThat(wallTime).isCloseTo(before, within(100.0));
    }
    assertThat(scalars(summaries.get(0)))
        .isEqualTo(Map.of("loss/train", 2.5f, "accuracy/train", 0.125f));
    assertThat(scalars(summaries.get(1)))
        .isEqualTo(
            Map.of(
                "loss/test", 1.25f,
                "accuracy/test", 0.75f,
                "learning_rate", 0.5f,
                "examples_per_second", 4000f));
    assertThat(scalars(summaries.get(2)))
        .isEqualTo(Map.of("loss/train", 1e-3f, "accuracy/train", 1f));
  }

  @Test
  void startsAtItsFirstStepSoThatEarlierFilesAreForgottenFromThere() throws IOException {
    try (EventFile events = new EventFile(directory)) {
      events.accept(nothing(2, 3));
      events.accept(point(2, 4, 1, 0.5));
    }
    List<Map<Integer, List<Object>>> events = records(Files.readAllBytes(file()));
    assertThat(events.get(1).get(2)).containsExactly(7L);
    assertThat(fields((byte[]) events.get(1).get(7).get(0))).isEqualTo(Map.of(1, List.of(1L)));
    assertThat(events.get(2)).doesNotContainKey(7);
  }

  @Test
  void isReadByTensorBoard() throws Exception {
    Python.Result found = Python.run(directory, "-c", "import tensorboard");
    assumeTrue(found.status() == 0, Python.PROGRAM + " has no tensorboard: " + found.err());
    writeRun();
    assertThat(scalarsOfTensorBoard())
        .containsEntry("loss/train", List.of(List.of(2L, 2.5), List.of(304L, (double) 1e-3f)))
        .containsEntry("accuracy/test", List.of(List.of(4L, 0.75)))
        .containsEntry("examples_per_second", List.of(List.of(4L, 4000.0)))
        .hasSize(6);
    Thread.sleep(2); // Another name, and a later one.
    try (EventFile events = new EventFile(directory)) {
      events.accept(point(2, 2, 0.5, 0.5));
      events.accept(end(2, 0.5));
    }
    assertThat(scalarsOfTensorBoard())
        .as("what came after the checkpoint is forgotten")
        .containsEntry("loss/train", List.of(List.of(2L, 2.5), List.of(6L, 0.5)))
        .containsEntry("accuracy/validation", List.of(List.of(8L, 0.25)));
  }

  @SuppressWarnings("unchecked")
  private Map<String, Object> scalarsOfTensorBoard() {
    Python.Result reader = Python.run(directory, "-c", READER, directory.toString());
    assertThat(reader.status()).as(reader.err()).isZero();
    return (Map<String, Object>) Json.parse(reader.out().strip());
  }

  @Test
  void saysWhyItCannotBeWritten() throws IOException {
    Path taken = Files.createFile(directory.resolve("taken"));
    assertThatThrownBy(() -> new EventFile(taken))
        .isInstanceOf(LeNetException.class)
        .hasMessageStartingWith(taken + "/events.out.tfevents.")
        .hasMessageContaining(" could not be written: ");
  }

  /** The messages of a TFRecord file, both checksums of each checked. */
  private static List<Map<Integer, List<Object>>> records(byte[] file) {
    List<Map<Integer, List<Object>>> records = new ArrayList<>();
    ByteBuffer in = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    while (in.hasRemaining()) {
      byte[] header = new byte[8];
      in.get(header);
      assertThat(in.getInt()).isEqualTo(maskedCrc(header));
      byte[] data =
          new byte[(int) ByteBuffer.wrap(header).order(ByteOrder.LITTLE_ENDIAN).getLong()];
      in.get(data);
      assertThat(in.getInt()).isEqualTo(maskedCrc(data));
      records.add(fields(data));
    }
    return records;
  }

  /** Castagnoli's CRC bit by bit, masked as TFRecord wants it. */
  private static int maskedCrc(byte[] data) {
    int crc = -1;
    for (byte b : data) {
      crc ^= b & 255;
      for (int bit = 0; bit < 8; bit++) {
        crc = (crc >>> 1) ^ ((crc & 1) == 0 ? 0 : 0x82f63b78);
      }
    }
    crc = ~crc;
    return ((crc >>> 15) | (crc << 17)) + 0xa282ead8;
  }

  /** The fields of a message: numbers as Long, floats as Integer of their bits, others as bytes. */
  private static Map<Integer, List<Object>> fields(byte[] message) {
    Map<Integer, List<Object>> fields = new LinkedHashMap<>();
    ByteBuffer in = ByteBuffer.wrap(message).order(ByteOrder.LITTLE_ENDIAN);
    while (in.hasRemaining()) {
      long tag = varint(in);
      Object value =
          switch ((int) tag & 7) {
            case 0 -> varint(in);
            case 1 -> in.getLong();
            case 2 -> {
              byte[] bytes = new byte[(int) varint(in)];
              in.get(bytes);
              yield bytes;
            }
            case 5 -> in.getInt();
            default -> throw new AssertionError("wire type of tag " + tag);
          };
      fields.computeIfAbsent((int) (tag >>> 3), number -> new ArrayList<>()).add(value);
    }
    return fields;
  }

  private static long varint(ByteBuffer in) {
    long value = 0;
    for (int shift = 0; ; shift += 7) {
      byte next = in.get();
      value |= (next & 127L) << shift;
      if (next >= 0) {
        return value;
      }
    }
  }

  private static Map<String, Float> scalars(Map<Integer, List<Object>> event) {
    Map<String, Float> scalars = new LinkedHashMap<>();
    for (Object value : fields((byte[]) event.get(5).get(0)).get(1)) {
      Map<Integer, List<Object>> fields = fields((byte[]) value);
      scalars.put(text(fields.get(1).get(0)), Float.intBitsToFloat((int) fields.get(2).get(0)));
    }
    return scalars;
  }

  private static String text(Object bytes) {
    return new String((byte[]) bytes, StandardCharsets.UTF_8);
  }
}
