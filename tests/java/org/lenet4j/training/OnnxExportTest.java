package org.lenet4j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lenet4j.LeNetException;
import org.lenet4j.Version;
import org.lenet4j.data.Dataset;
import org.lenet4j.data.FashionMnist;
import org.lenet4j.engine.Activation;
import org.lenet4j.engine.Device;
import org.lenet4j.engine.Layer;
import org.lenet4j.engine.Pooling;

/** What is exported computes the same in ONNX Runtime, on the 10,000 real test images. */
class OnnxExportTest {
  /** Some ten units in the last place of a probability, which hundreds of roundings lead to. */
  private static final double TOLERANCE = 1e-5;

  private static final int BATCH = 1000;

  @TempDir private static Path directory;

  private static Dataset train;
  private static Dataset test;
  private static byte[] images;

  @BeforeAll
  static void readImages() {
    FashionMnist.Options options = FashionMnist.Options.defaults().withOffline(true);
    train = FashionMnist.train(options).take(10_000);
    test = FashionMnist.test(options);
    images = new byte[test.size() * Dataset.PIXELS];
    test.pixels().get(images);
  }

  @AfterAll
  static void closeImages() {
    train.close();
    test.close();
  }

  private static LeNet.Builder builder() {
    return LeNet.builder().device(Device.cpu()).seed(7);
  }

  @ParameterizedTest
  @CsvSource({
    "SIGMOID, AVG, false",
    "SIGMOID, MAX, true",
    "TANH, AVG, true",
    "TANH, MAX, false",
    "RELU, AVG, false",
    "RELU, MAX, true",
  })
  void predictsTheSame(Activation activation, Pooling pooling, boolean standardized)
      throws OrtException {
    LeNet.Builder builder = builder().activation(activation).pooling(pooling);
    if (standardized) {
      builder.standardize(0.2860, 0.3530);
    }
    try (LeNet net = builder.build()) {
      Trainer.classic().epochs(2).learningRate(0.05).momentum(0.9).fit(net, train, test);
      Path file = directory.resolve(activation + "-" + pooling + ".onnx");
      net.exportOnnx(file, true);
      float[][] expected = net.predictAll(images);
      float[][] found = run(file, images);

      double worst = 0;
      for (int i = 0; i < expected.length; i++) {
        assertThat(Evaluation.argmax(found[i]))
            .as("class of image %d", i)
            .isEqualTo(Evaluation.argmax(expected[i]));
        for (int c = 0; c < expected[i].length; c++) {
          worst = Math.max(worst, Math.abs((double) found[i][c] - expected[i][c]));
        }
      }
      assertThat(found).hasDimensions(10_000, 10);
      assertThat(worst).isLessThan(TOLERANCE);
    }
  }

  @Test
  void givesLogitsWithoutSoftmax() throws OrtException {
    Path file = directory.resolve("logits.onnx");
    byte[] some = Arrays.copyOf(images, 5 * Dataset.PIXELS);
    try (LeNet net = builder().classes(3).build()) {
      net.exportOnnx(file, false);
      float[][] found = run(file, some);
      float[] expected = net.engine().output(Layer.FC3, some);
      for (int i = 0; i < expected.length; i++) {
        assertThat((double) found[i / 3][i % 3] - expected[i]).isBetween(-TOLERANCE, TOLERANCE);
      }
    }
  }

  @Test
  void saysWhatItIs() throws OrtException {
    Path file = directory.resolve("named.onnx");
    try (LeNet net = builder().classes(2).labels(List.of("cat", "d\u00f6g")).build()) {
      net.exportOnnx(file, false);
    }
    try (OrtSession session = session(file)) {
      assertThat(session.getMetadata().getProducerName()).isEqualTo("lenet4j");
      assertThat(session.getMetadata().getGraphName()).isEqualTo("LeNet");
      assertThat(session.getMetadata().getCustomMetadata())
          .containsExactlyInAnyOrderEntriesOf(
              Map.of(
                  "labels", "[\"cat\",\"d\u00f6g\"]",
                  "activation", "sigmoid",
                  "pooling", "avg",
                  "lenet4j_version", Version.current()));
      assertShape(session.getInputInfo(), "image", new long[] {-1, 1, 28, 28});
      assertShape(session.getOutputInfo(), "logits", new long[] {-1, 2});
    }
  }

  private static void assertShape(Map<String, NodeInfo> nodes, String name, long[] shape) {
    assertThat(nodes).containsOnlyKeys(name);
    TensorInfo info = (TensorInfo) nodes.get(name).getInfo();
    assertThat(info.getShape()).isEqualTo(shape);
    assertThat(info.getDimensionNames()[0]).isEqualTo("batch");
  }

  @Test
  void leavesTheOldFileWhereItCannotWrite() throws IOException {
    Path folder = Files.createDirectory(directory.resolve("folder.onnx"));
    try (LeNet net = builder().build()) {
      assertThatThrownBy(() -> net.exportOnnx(folder, false))
          .isInstanceOf(LeNetException.class)
          .hasMessage(folder + " is a directory: name a file in it");
      Path lost = directory.resolve("no/such/net.onnx");
      assertThatThrownBy(() -> net.exportOnnx(lost, false))
          .isInstanceOf(LeNetException.class)
          .hasMessageContaining("there is no directory");
    }
  }

  private static OrtSession session(Path file) throws OrtException {
    return OrtEnvironment.getEnvironment().createSession(file.toString());
  }

  /** Through ONNX Runtime, in batches of which the last may be smaller. */
  private static float[][] run(Path file, byte[] pixels) throws OrtException {
    int count = pixels.length / Dataset.PIXELS;
    float[][] rows = new float[count][];
    try (OrtSession session = session(file)) {
      for (int from = 0; from < count; from += BATCH) {
        int size = Math.min(BATCH, count - from);
        FloatBuffer input = FloatBuffer.allocate(size * Dataset.PIXELS);
        for (int p = 0; p < input.capacity(); p++) {
          input.put(p, Byte.toUnsignedInt(pixels[from * Dataset.PIXELS + p]) / 255f);
        }
        try (OnnxTensor tensor =
                OnnxTensor.createTensor(
                    OrtEnvironment.getEnvironment(), input, new long[] {size, 1, 28, 28});
            OrtSession.Result result = session.run(Map.of("image", tensor))) {
          float[][] values = (float[][]) result.get(0).getValue();
          System.arraycopy(values, 0, rows, from, size);
        }
      }
    }
    return rows;
  }
}
