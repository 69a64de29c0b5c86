package org.lenet4j.training;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.lenet4j.Version;
import org.lenet4j.data.Dataset;
import org.lenet4j.engine.EngineConfig;
import org.lenet4j.engine.ParameterLayout;
import org.lenet4j.engine.Pooling;
import org.lenet4j.io.AtomicFile;
import org.lenet4j.io.ProtobufMessage;

/**
 * A network as an ONNX graph of opset 17: float images in, logits or probabilities out. The numbers
 * of fields and enums are those of onnx.proto
 * (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).
 */
final class OnnxFile {
  private static final int OPSET = 17;

  /** The version of the file format that came with the opset. */
  private static final int IR_VERSION = 8;

  /** The name of the axis whose extent is left open. */
  private static final String BATCH = "batch";

  private static final String INPUT = "image";

  private final EngineConfig config;
  private final List<ProtobufMessage> nodes = new ArrayList<>();
  private final List<ProtobufMessage> initializers = new ArrayList<>();

  /** The tensor that the next node takes. */
  private String current = INPUT;

  private OnnxFile(EngineConfig config) {
    this.config = config;
  }

  /**
   * Writes a file, whole or not at all.
   *
   * @param softmax whether probabilities and not logits come out
   */
  static void write(Path file, ModelFile.Model model, boolean softmax) {
    byte[] bytes = new OnnxFile(model.config()).model(model, softmax).toByteArray();
    AtomicFile.write(file, out -> out.write(bytes));
  }

  private ProtobufMessage model(ModelFile.Model model, boolean softmax) {
    ProtobufMessage onnx =
        new ProtobufMessage()
            .integer(1, IR_VERSION)
            .string(2, "lenet4j") // producer_name
            .string(3, Version.current())
            .message(7, graph(model.parameters(), softmax))
            .message(8, new ProtobufMessage().string(1, "").integer(2, OPSET)); // opset_import
    for (Map.Entry<String, String> entry :
        ModelFile.description(config, model.labels()).entrySet()) {
      onnx.message(14, new ProtobufMessage().string(1, entry.getKey()).string(2, entry.getValue()));
    }
    return onnx;
  }

  private ProtobufMessage graph(float[] arena, boolean softmax) {
    for (ParameterLayout.Tensor tensor : config.layout().tensors()) {
      initializer(
          tensor.name(),
          tensor.shape(),
          Arrays.copyOfRange(arena, tensor.offset(), tensor.offset() + tensor.length()));
    }
    standardize();
    // The zero padding belongs to the convolution, so that it comes after standardising.
    convolution("conv1", ints("pads", 2, 2, 2, 2));
    activation("conv1_activation");
    pooling("pool1");
    convolution("conv2");
    activation("conv2_activation");
    pooling("pool2");
    node("Flatten", "flatten", List.of());
    dense("fc1", "fc1");
    activation("fc1_activation");
    dense("fc2", "fc2");
    activation("fc2_activation");
    dense("fc3", "logits");
    if (softmax) {
      node("Softmax", "probabilities", List.of(), integer("axis", 1));
    }

    ProtobufMessage graph = new ProtobufMessage();
    nodes.forEach(node -> graph.message(1, node));
    graph.string(2, "LeNet");
    initializers.forEach(tensor -> graph.message(5, tensor));
    return graph
        .message(11, value(INPUT, 1, Dataset.HEIGHT, Dataset.WIDTH))
        .message(12, value(current, config.classes()));
  }

  /** From pixels of 0 to 1 to what the first layer was trained on; nothing for the chapter's. */
  private void standardize() {
    float scale = (float) (255.0 * config.inputScale());
    if (scale != 1) {
      initializer("input_scale", List.of(), scale);
      node("Mul", "scaled", List.of("input_scale"));
    }
    if (config.inputOffset() != 0) {
      initializer("input_offset", List.of(), config.inputOffset());
      node("Add", "shifted", List.of("input_offset"));
    }
  }

  private void convolution(String name, ProtobufMessage... attributes) {
    node("Conv", name, List.of(name + ".weight", name + ".bias"), attributes);
  }

  /** PyTorch's weights are [outputs][inputs], so their transpose is the right-hand matrix. */
  private void dense(String layer, String name) {
    node("Gemm", name, List.of(layer + ".weight", layer + ".bias"), integer("transB", 1));
  }

  private void activation(String name) {
    String operator =
        switch (config.activation()) {
          case SIGMOID -> "Sigmoid";
          case TANH -> "Tanh";
          case RELU -> "Relu";
        };
    node(operator, name, List.of());
  }

  private void pooling(String name) {
    node(
        config.pooling() == Pooling.AVG ? "AveragePool" : "MaxPool",
        name,
        List.of(),
        ints("kernel_shape", 2, 2),
        ints("strides", 2, 2));
  }

  /** Appends a NodeProto that takes the current tensor and then others; makes the next one. */
  private void node(
      String operator, String name, List<String> others, ProtobufMessage... attributes) {
    ProtobufMessage node = new ProtobufMessage().string(1, current);
    others.forEach(other -> node.string(1, other));
    node.string(2, name).string(3, name).string(4, operator);
    for (ProtobufMessage attribute : attributes) {
      node.message(5, attribute);
    }
    nodes.add(node);
    current = name;
  }

  /** Appends a TensorProto of type FLOAT. */
  private void initializer(String name, List<Integer> shape, float... values) {
    ProtobufMessage tensor = new ProtobufMessage();
    shape.forEach(extent -> tensor.integer(1, extent));
    ByteBuffer raw =
        ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    raw.asFloatBuffer().put(values);
    initializers.add(tensor.integer(2, 1).string(8, name).bytes(9, raw.array()));
  }

  /** An AttributeProto of type INT. */
  private static ProtobufMessage integer(String name, long value) {
    return new ProtobufMessage().string(1, name).integer(3, value).integer(20, 2);
  }

  /** An AttributeProto of type INTS. */
  private static ProtobufMessage ints(String name, long... values) {
    ProtobufMessage attribute = new ProtobufMessage().string(1, name);
    for (long value : values) {
      attribute.integer(8, value);
    }
    return attribute.integer(20, 7);
  }

  /** A ValueInfoProto: floats whose first axis is the batch. */
  private static ProtobufMessage value(String name, int... extents) {
    ProtobufMessage shape =
        new ProtobufMessage().message(1, new ProtobufMessage().string(2, BATCH));
    for (int extent : extents) {
      shape.message(1, new ProtobufMessage().integer(1, extent));
    }
    ProtobufMessage tensor = new ProtobufMessage().integer(1, 1).message(2, shape);
    return new ProtobufMessage()
        .string(1, name)
        .message(2, new ProtobufMessage().message(1, tensor));
  }
}
