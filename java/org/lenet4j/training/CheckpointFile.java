package org.lenet4j.training;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.lenet4j.LeNetException;
import org.lenet4j.engine.EngineConfig;
import org.lenet4j.engine.EngineState;
import org.lenet4j.engine.Metrics;
import org.lenet4j.io.Json;
import org.lenet4j.io.Safetensors;
import org.lenet4j.io.Tensor;

/** A checkpoint as safetensors: a model file with the velocities and more metadata. */
final class CheckpointFile {
  private static final String SETTING = "setting: ";
  private static final String STEP = "step";
  private static final String STEP_NANOS = "step_nanos";
  private static final String TRAIN_NANOS = "train_nanos";
  private static final String SUMS = "epoch_sums";
  private static final String UNTAKEN = "step_sums";
  private static final String HISTORY = "history";

  private CheckpointFile() {}

  static void write(Path file, Checkpoint checkpoint) {
    EngineConfig config = checkpoint.config();
    EngineState state = checkpoint.state();
    List<Tensor> tensors = new ArrayList<>(ModelFile.tensors("", config, state.parameters()));
    tensors.addAll(ModelFile.tensors(ModelFile.VELOCITY, config, state.velocities()));
    Map<String, String> metadata =
        new LinkedHashMap<>(ModelFile.metadata(config, checkpoint.labels()));
    metadata.put(STEP, Integer.toString(state.position()));
    metadata.put(STEP_NANOS, Long.toString(checkpoint.stepNanos()));
    metadata.put(TRAIN_NANOS, Long.toString(checkpoint.trainNanos()));
    metadata.put(SUMS, text(checkpoint.sums()));
    metadata.put(UNTAKEN, text(state.metrics()));
    metadata.put(
        HISTORY,
        Stream.concat(
                checkpoint.curve().stream().map(CurvePoint::toJson),
                checkpoint.history().stream().map(Epoch::toJson))
            .collect(Collectors.joining("\n")));
    checkpoint.settings().forEach((name, value) -> metadata.put(SETTING + name, value));
    new Safetensors(tensors, metadata).write(file);
  }

  static Checkpoint read(Path file) {
    Safetensors content = Safetensors.read(file);
    ModelFile.Model model = ModelFile.read(file, content, EngineConfig.CLASSIC);
    Map<String, String> metadata = content.metadata();
    if (!metadata.containsKey(STEP)) {
      throw new LeNetException(
          file
              + " holds a model but no checkpoint: a training cannot resume; begin a new one from its"
              + " weights with --init");
    }
    List<CurvePoint> curve = new ArrayList<>();
    List<Epoch> history = new ArrayList<>();
    value(
        file,
        metadata,
        HISTORY,
        text -> {
          HistoryLines.parse(text, curve, history);
          return null;
        });
    Map<String, String> settings = new LinkedHashMap<>();
    metadata.forEach(
        (key, value) -> {
          if (key.startsWith(SETTING)) {
            settings.put(key.substring(SETTING.length()), value);
          }
        });
    return new Checkpoint(
        model.config(),
        model.labels(),
        new EngineState(
            model.parameters(),
            ModelFile.arena(file, content, ModelFile.VELOCITY, model.config()),
            value(file, metadata, STEP, Integer::parseInt),
            value(file, metadata, UNTAKEN, CheckpointFile::metrics)),
        value(file, metadata, SUMS, CheckpointFile::metrics),
        value(file, metadata, STEP_NANOS, Long::parseLong),
        value(file, metadata, TRAIN_NANOS, Long::parseLong),
        history,
        curve,
        settings);
  }

  private static String text(Metrics sums) {
    return Json.line(List.of(sums.lossSum(), sums.correct(), sums.count()));
  }

  private static Metrics metrics(String text) {
    List<?> parts = (List<?>) Json.parse(text);
    return new Metrics(
        ((Number) parts.get(0)).doubleValue(), (Long) parts.get(1), (Long) parts.get(2));
  }

  private static <T> T value(
      Path file, Map<String, String> metadata, String key, Function<String, T> parser) {
    try {
      return parser.apply(metadata.get(key));
    } catch (IllegalArgumentException
        | ClassCastException
        | IndexOutOfBoundsException
        | NullPointerException e) {
      throw new LeNetException(
          ("%s cannot be resumed from: its metadata lack a valid %s; resume from another checkpoint,"
                  + " such as best.safetensors")
              .formatted(file, key),
          e);
    }
  }
}
