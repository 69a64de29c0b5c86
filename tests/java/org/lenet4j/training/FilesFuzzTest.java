package org.lenet4j.training;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;
import org.lenet4j.LeNetException;
import org.lenet4j.engine.EngineConfig;
import org.lenet4j.io.Json;
import org.lenet4j.io.Safetensors;
import org.lenet4j.io.Tensor;

/** As DataFuzzTest, for the files that hold networks and trainings. */
class FilesFuzzTest {
  private static final EngineConfig CONFIG = EngineConfig.CLASSIC.withClasses(1);
  private static final List<Tensor> TENSORS = tensors();

  @TempDir private static Path directory;

  @FuzzTest(maxDuration = "20s")
  void safetensors(byte[] data) throws IOException {
    Path file = directory.resolve("weights.safetensors");
    Files.write(file, data);
    load(file);
  }

  /** A checkpoint whose tensors are right, so that its metadata are looked at. */
  @FuzzTest(maxDuration = "20s")
  void checkpointMetadata(FuzzedDataProvider data) {
    Map<String, String> metadata = new LinkedHashMap<>();
    for (String key :
        List.of("step", "step_nanos", "train_nanos", "epoch_sums", "step_sums", "labels")) {
      metadata.put(key, data.consumeString(100));
    }
    metadata.put("activation", data.pickValue(new String[] {"sigmoid", "relu", "SIGMOID"}));
    metadata.put("input_scale", data.consumeString(20));
    metadata.put("history", data.consumeRemainingAsString());
    Path file = directory.resolve("checkpoint.safetensors");
    new Safetensors(TENSORS, metadata).write(file);
    load(file);
  }

  @FuzzTest(maxDuration = "20s")
  void json(byte[] data) {
    String text = new String(data, UTF_8);
    try {
      Object value = Json.parse(text);
      Object again = Json.parse(Json.line(value));
      if (Json.line(again).equals(Json.line(value))) {
        return;
      }
    } catch (IllegalArgumentException e) {
      return; // As it should be.
    }
    throw new AssertionError("does not come back as it was written");
  }

  private static void load(Path file) {
    try {
      ModelFile.read(file, EngineConfig.CLASSIC);
      Checkpoint checkpoint = Checkpoint.load(file);
      checkpoint.isBest();
      checkpoint.save(file.resolveSibling("again.safetensors"));
    } catch (LeNetException e) {
      // As it should be.
    }
  }

  private static List<Tensor> tensors() {
    float[] arena = new float[CONFIG.layout().size()];
    List<Tensor> tensors = new ArrayList<>(ModelFile.tensors("", CONFIG, arena));
    tensors.addAll(ModelFile.tensors(ModelFile.VELOCITY, CONFIG, arena));
    return tensors;
  }
}
