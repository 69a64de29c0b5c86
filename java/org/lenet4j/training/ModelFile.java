package org.lenet4j.training;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.lenet4j.LeNetException;
import org.lenet4j.Version;
import org.lenet4j.engine.Activation;
import org.lenet4j.engine.EngineConfig;
import org.lenet4j.engine.ParameterLayout;
import org.lenet4j.engine.Pooling;
import org.lenet4j.io.Json;
import org.lenet4j.io.Safetensors;
import org.lenet4j.io.Tensor;

/**
 * A network's parameters as safetensors, with the names and shapes of PyTorch's {@code state_dict}
 * for the chapter's Sequential; the metadata say which variant of the network they belong to.
 */
final class ModelFile {
  private static final String LAST_BIAS = "11.bias";

  /** Begins the names of a checkpoint's velocities, which a model can do without. */
  static final String VELOCITY = "velocity.";

  private static final String VERSION = "lenet4j_version";
  private static final String ACTIVATION = "activation";
  private static final String POOLING = "pooling";
  private static final String INPUT_SCALE = "input_scale";
  private static final String LABELS = "labels";
  private static final String INPUT_OFFSET = "input_offset";

  /**
   * What a file holds.
   *
   * @param config the variant; what the file does not say is as in the classic network
   * @param parameters the arena
   * @param labels names of the classes; empty if the file has none
   */
  record Model(EngineConfig config, float[] parameters, List<String> labels) {}

  private ModelFile() {}

  static void write(Path file, Model model) {
    Objects.requireNonNull(file, "file must not be null");
    EngineConfig config = model.config();
    new Safetensors(tensors("", config, model.parameters()), metadata(config, model.labels()))
        .write(file);
  }

  /** An arena cut into its tensors, the prefix before each name. */
  static List<Tensor> tensors(String prefix, EngineConfig config, float[] arena) {
    return config.layout().tensors().stream()
        .map(
            tensor ->
                new Tensor(
                    prefix + tensor.key(),
                    tensor.shape(),
                    Arrays.copyOfRange(arena, tensor.offset(), tensor.offset() + tensor.length())))
        .toList();
  }

  static Map<String, String> metadata(EngineConfig config, List<String> labels) {
    Map<String, String> metadata = description(config, labels);
    metadata.put("format", "pt"); // Some of PyTorch's tools insist on it.
    metadata.put(INPUT_SCALE, Float.toString(config.inputScale()));
    metadata.put(INPUT_OFFSET, Float.toString(config.inputOffset()));
    return metadata;
  }

  /** What any kind of file can say of a network beside its computation. */
  static Map<String, String> description(EngineConfig config, List<String> labels) {
    Map<String, String> description = new LinkedHashMap<>();
    description.put(VERSION, Version.current());
    description.put(ACTIVATION, lower(config.activation()));
    description.put(POOLING, lower(config.pooling()));
    if (!labels.isEmpty()) {
      description.put(LABELS, Json.line(labels));
    }
    return description;
  }

  /**
   * Reads a file.
   *
   * @param unsaid the variant of a file that does not say which it holds
   */
  static Model read(Path file, EngineConfig unsaid) {
    return read(file, Safetensors.read(file), unsaid);
  }

  static Model read(Path file, Safetensors content, EngineConfig unsaid) {
    EngineConfig config = config(file, content, unsaid);
    List<String> names =
        config.layout().tensors().stream().map(ParameterLayout.Tensor::key).toList();
    for (Tensor tensor : content.tensors()) {
      String name = tensor.name();
      if (!names.contains(name) && !name.startsWith(VELOCITY)) {
        throw new LeNetException(
            "%s holds no LeNet: tensor %s is not part of one"
                .formatted(file, Safetensors.printable(name)));
      }
    }
    return new Model(config, arena(file, content, "", config), labels(file, content, config));
  }

  /** Puts the tensors whose names begin with the prefix together again. */
  static float[] arena(Path file, Safetensors content, String prefix, EngineConfig config) {
    ParameterLayout layout = config.layout();
    float[] arena = new float[layout.size()];
    for (ParameterLayout.Tensor expected : layout.tensors()) {
      Tensor found = require(file, content, prefix + expected.key());
      if (!found.shape().equals(expected.shape())) {
        throw new LeNetException(
            "%s holds no LeNet: tensor %s has shape %s, expected %s"
                .formatted(file, found.name(), found.shape(), expected.shape()));
      }
      requireFinite(file, found);
      System.arraycopy(found.values(), 0, arena, expected.offset(), expected.length());
    }
    return arena;
  }

  private static EngineConfig config(Path file, Safetensors content, EngineConfig unsaid) {
    Tensor last = require(file, content, LAST_BIAS);
    if (last.shape().size() != 1
        || last.values().length < 1
        || last.values().length > ParameterLayout.MAX_CLASSES) {
      throw new LeNetException(
          "%s holds no LeNet: tensor %s has shape %s, expected one extent of 1 to %d, the classes"
              .formatted(file, LAST_BIAS, last.shape(), ParameterLayout.MAX_CLASSES));
    }
    Map<String, String> metadata = content.metadata();
    return unsaid
        .withClasses(last.values().length)
        .withVariant(
            choice(file, metadata, ACTIVATION, unsaid.activation(), Activation.values()),
            choice(file, metadata, POOLING, unsaid.pooling(), Pooling.values()))
        .withInput(
            number(file, metadata, INPUT_SCALE, unsaid.inputScale()),
            number(file, metadata, INPUT_OFFSET, unsaid.inputOffset()));
  }

  private static List<String> labels(Path file, Safetensors content, EngineConfig config) {
    String text = content.metadata().get(LABELS);
    if (text == null) {
      return List.of();
    }
    try {
      List<String> labels = ((List<?>) Json.parse(text)).stream().map(String.class::cast).toList();
      if (labels.size() == config.classes()) {
        return labels;
      }
    } catch (IllegalArgumentException | ClassCastException e) {
      // The sentence below says all there is to say.
    }
    throw unusable(file, LABELS, text, "a JSON array of %d names".formatted(config.classes()));
  }

  private static Tensor require(Path file, Safetensors content, String name) {
    return content
        .tensor(name)
        .orElseThrow(
            () ->
                new LeNetException(
                    "%s holds no LeNet: it has no tensor %s, only %s"
                        .formatted(
                            file,
                            name,
                            Safetensors.printable(
                                content.tensors().stream()
                                    .map(Tensor::name)
                                    .toList()
                                    .toString()))));
  }

  private static void requireFinite(Path file, Tensor tensor) {
    for (int i = 0; i < tensor.values().length; i++) {
      if (!Float.isFinite(tensor.values()[i])) {
        throw new LeNetException(
            "%s cannot be used: value %d of tensor %s is %s, expected a finite number"
                .formatted(file, i, tensor.name(), tensor.values()[i]));
      }
    }
  }

  private static <E extends Enum<E>> E choice(
      Path file, Map<String, String> metadata, String key, E otherwise, E[] values) {
    String text = metadata.get(key);
    if (text == null) {
      return otherwise;
    }
    for (E value : values) {
      if (lower(value).equals(text)) {
        return value;
      }
    }
    String known = Arrays.stream(values).map(ModelFile::lower).toList().toString();
    throw unusable(file, key, text, "one of " + known);
  }

  private static float number(
      Path file, Map<String, String> metadata, String key, float otherwise) {
    String text = metadata.get(key);
    if (text == null) {
      return otherwise;
    }
    try {
      float value = Float.parseFloat(text);
      if (Float.isFinite(value)) {
        return value;
      }
    } catch (NumberFormatException e) {
      // The sentence below says all there is to say.
    }
    throw unusable(file, key, text, "a finite number");
  }

  private static LeNetException unusable(Path file, String key, String found, String expected) {
    return new LeNetException(
        "%s cannot be used: its metadata say %s is '%s', expected %s"
            .formatted(file, key, Safetensors.printable(found), expected));
  }

  static String lower(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }
}
