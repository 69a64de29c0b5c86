package org.lenet4j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lenet4j.LeNetException;
import org.lenet4j.Version;
import org.lenet4j.data.Dataset;
import org.lenet4j.engine.Activation;
import org.lenet4j.engine.Device;
import org.lenet4j.engine.Engine;
import org.lenet4j.engine.EngineConfig;
import org.lenet4j.engine.Engines;
import org.lenet4j.engine.Examples;
import org.lenet4j.engine.Layer;
import org.lenet4j.engine.Metrics;
import org.lenet4j.engine.Pooling;
import org.lenet4j.io.Safetensors;
import org.lenet4j.io.Tensor;

class LeNetTest {
  @TempDir private Path directory;

  private static LeNet.Builder builder() {
    return LeNet.builder().device(Device.java());
  }

  @Test
  void predictsProbabilities() {
    try (Dataset data = Examples.bars(3, 3);
        LeNet net = builder().seed(1).build()) {
      float[] one = net.predict(data.image(1));
      assertThat(one).hasSize(10);
      float sum = 0;
      for (float p : one) {
        sum += p;
      }
      assertThat(sum).isCloseTo(1, within(1e-5f));
      assertThat(one[net.classify(data.image(1))]).isGreaterThanOrEqualTo(max(one));

      byte[] two = new byte[2 * Dataset.PIXELS];
      System.arraycopy(data.image(0), 0, two, 0, Dataset.PIXELS);
      System.arraycopy(data.image(1), 0, two, Dataset.PIXELS, Dataset.PIXELS);
      assertThat(net.predictAll(two)).hasDimensions(2, 10);
      assertThat(net.predictAll(two)[1]).isEqualTo(one);
      assertThat(net.output(Layer.POOL1, data.image(0))).hasSize(6 * 14 * 14);
      assertThat(net.device()).isEqualTo("java");
      assertThatThrownBy(() -> net.predict(two)).isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void takesFloatsAndPicturesForBytes() {
    byte[] image;
    try (Dataset data = Examples.bars(1, 3)) {
      image = data.image(0);
    }
    float[] floats = new float[image.length];
    BufferedImage picture = new BufferedImage(28, 28, BufferedImage.TYPE_INT_RGB);
    for (int i = 0; i < floats.length; i++) {
      floats[i] = Byte.toUnsignedInt(image[i]) / 255f;
      picture.setRGB(i % 28, i / 28, 0x010101 * Byte.toUnsignedInt(image[i]));
    }
    try (LeNet net = builder().build()) {
      assertThat(net.predict(floats)).isEqualTo(net.predict(image));
      assertThat(net.predict(picture)).isEqualTo(net.predict(image));
      for (float wrong : new float[] {-0.1f, 1.1f, 255, Float.NaN}) {
        floats[5] = wrong;
        assertThatThrownBy(() -> net.predict(floats))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessage("pixel 5 is " + wrong + ", expected 0 to 1");
      }
      assertThatThrownBy(() -> net.predict(new float[3]))
          .hasMessage("an image has 784 pixels, was 3");
    }
  }

  @Test
  void predictsInManyThreadsAtOnce() throws Exception {
    int threads = 8;
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    try (Dataset data = Examples.bars(40, 4);
        LeNet net = LeNet.builder().device(Device.cpu()).activation(Activation.RELU).build()) {
      List<float[]> expected = new ArrayList<>();
      for (int i = 0; i < data.size(); i++) {
        expected.add(net.predict(data.image(i)));
      }
      List<Future<?>> done = new ArrayList<>();
      for (int t = 0; t < threads; t++) {
        int first = t;
        done.add(
            pool.submit(
                () -> {
                  for (int k = 0; k < 400; k++) {
                    int i = (first + k) % expected.size();
                    assertThat(net.predict(data.image(i))).isEqualTo(expected.get(i));
                    if (k % 100 == 0) {
                      assertThat(net.evaluate(data).count()).isEqualTo(40);
                    }
                  }
                }));
      }
      for (Future<?> each : done) {
        each.get(100, TimeUnit.SECONDS);
      }
    } finally {
      pool.shutdownNow();
    }
  }

  /** More images than are looked at in one go. */
  @Test
  void evaluatesEachClass() {
    try (Dataset data = Examples.bars(5000, 3);
        LeNet net =
            LeNet.builder().device(Device.cpu()).classes(4).activation(Activation.RELU).build();
        LeNet small = builder().classes(2).build()) {
      Evaluation evaluation = net.evaluate(data);
      Engine engine = net.engine();
      Metrics metrics = engine.evaluate(engine.addDataset(data));
      assertThat(evaluation.loss()).isEqualTo(metrics.loss());
      assertThat(evaluation.accuracy()).isEqualTo(metrics.accuracy());
      assertThat(evaluation.count()).isEqualTo(5000);
      long[][] expected = new long[4][4];
      for (int i = 0; i < data.size(); i++) {
        expected[data.label(i)][net.classify(data.image(i))]++;
      }
      for (int t = 0; t < 4; t++) {
        for (int p = 0; p < 4; p++) {
          assertThat(evaluation.confusion().count(t, p)).isEqualTo(expected[t][p]);
        }
      }
      assertThat(Arrays.stream(expected).mapToLong(row -> row[3]).sum()).isLessThan(5000);
      assertThatThrownBy(() -> small.evaluate(data))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("labels up to 2");
    }
  }

  @Test
  void summarisesTheChaptersNetwork() {
    try (LeNet net = builder().build()) {
      List<LayerSummary> layers = net.summary();
      assertThat(layers.stream().map(l -> l.module() + " " + l.shape()))
          .containsExactly(
              "Conv2d [1, 6, 28, 28]",
              "Sigmoid [1, 6, 28, 28]",
              "AvgPool2d [1, 6, 14, 14]",
              "Conv2d [1, 16, 10, 10]",
              "Sigmoid [1, 16, 10, 10]",
              "AvgPool2d [1, 16, 5, 5]",
              "Flatten [1, 400]",
              "Linear [1, 120]",
              "Sigmoid [1, 120]",
              "Linear [1, 84]",
              "Sigmoid [1, 84]",
              "Linear [1, 10]");
      assertThat(layers.stream().mapToLong(LayerSummary::parameters).sum()).isEqualTo(61_706);
      assertThat(layers.stream().mapToLong(LayerSummary::multiplyAdds).sum()).isEqualTo(416_520);
      assertThat(layers.get(3).flops()).isEqualTo(480_000);
    }
  }

  @Test
  void loadsTheVariantThatItSaved() {
    Path file = directory.resolve("net.safetensors");
    try (LeNet net =
        builder()
            .classes(3)
            .activation(Activation.RELU)
            .pooling(Pooling.MAX)
            .standardize(0.2860, 0.3530)
            .seed(4)
            .build()) {
      net.save(file);
      try (LeNet loaded = builder().load(file)) {
        assertThat(loaded.parameters()).isEqualTo(net.parameters());
        assertThat(loaded.config())
            .isEqualTo(
                EngineConfig.CLASSIC
                    .withClasses(3)
                    .withVariant(Activation.RELU, Pooling.MAX)
                    .withInput((float) (1 / 255.0 / 0.3530), (float) (-0.2860 / 0.3530)));
      }
    }
    assertThat(Safetensors.read(file).metadata())
        .containsEntry("lenet4j_version", Version.current());
    assertThatThrownBy(() -> builder().activation(Activation.TANH).load(file))
        .isInstanceOf(LeNetException.class)
        .hasMessage(
            file + " is a network with activation relu, not tanh: leave this choice to the file");
    assertThatThrownBy(() -> builder().pooling(Pooling.AVG).load(file))
        .isInstanceOf(LeNetException.class)
        .hasMessage(
            file + " is a network with pooling max, not avg: leave this choice to the file");
    assertThatThrownBy(() -> builder().classes(4).load(file))
        .isInstanceOf(LeNetException.class)
        .hasMessage(file + " is a network of 3 classes, not of 4: leave this choice to the file");
  }

  @Test
  void keepsTheNamesOfItsClasses() {
    Path file = directory.resolve("named.safetensors");
    try (LeNet net = builder().classes(2).labels(List.of("cat", "d\u00f6g")).build()) {
      net.save(file);
    }
    try (LeNet loaded = builder().load(file);
        LeNet renamed = builder().labels(List.of("a", "b")).load(file);
        LeNet nameless = builder().classes(2).build()) {
      assertThat(loaded.labels()).containsExactly("cat", "d\u00f6g");
      assertThat(renamed.labels()).containsExactly("a", "b");
      assertThat(nameless.labels()).containsExactly("0", "1");
    }
    assertThatThrownBy(() -> builder().labels(List.of("one")).load(file))
        .isInstanceOf(LeNetException.class)
        .hasMessage("1 names were given for the network's 2 classes: give one name for each class");
  }

  @Test
  void takesAFileOfPyTorchForTheClassicNetwork() {
    Path file = directory.resolve("torch.safetensors");
    // PyTorch sorts by name and says nothing about the network.
    List<Tensor> sorted = new ArrayList<>(saved().tensors());
    sorted.sort((a, b) -> a.name().compareTo(b.name()));
    new Safetensors(sorted, Map.of("format", "pt")).write(file);
    try (LeNet net = builder().build();
        LeNet loaded = builder().load(file)) {
      assertThat(loaded.config()).isEqualTo(EngineConfig.CLASSIC);
      assertThat(loaded.parameters()).isEqualTo(net.parameters());
    }
  }

  @Test
  void namesTensorsThatDoNotFit() {
    List<Tensor> tensors = saved().tensors();
    List<Tensor> missing = tensors.stream().filter(t -> !t.name().equals("7.bias")).toList();
    assertRefused(missing, Map.of(), "holds no LeNet: it has no tensor 7.bias, only [0.weight, ");

    List<Tensor> classless = tensors.stream().filter(t -> !t.name().equals("11.bias")).toList();
    assertRefused(classless, Map.of(), "holds no LeNet: it has no tensor 11.bias");

    List<Tensor> extra = new ArrayList<>(tensors);
    extra.add(new Tensor("13.\u001b[2J", List.of(1), new float[1]));
    assertRefused(extra, Map.of(), "holds no LeNet: tensor 13.?[2J is not part of one");
    assertRefused(extra.subList(10, 11), Map.of(), "it has no tensor 11.bias, only [13.?[2J]");

    assertRefused(
        with(tensors, new Tensor("9.bias", List.of(12, 7), new float[84])),
        Map.of(),
        "holds no LeNet: tensor 9.bias has shape [12, 7], expected [84]");
    assertRefused(
        with(tensors, new Tensor("11.bias", List.of(11), new float[11])),
        Map.of(),
        "tensor 11.weight has shape [10, 84], expected [11, 84]");
    assertRefused(
        with(tensors, new Tensor("11.bias", List.of(1025), new float[1025])),
        Map.of(),
        "tensor 11.bias has shape [1025], expected one extent of 1 to 1024, the classes");

    float[] broken = new float[6];
    broken[2] = Float.NaN;
    assertRefused(
        with(tensors, new Tensor("0.bias", List.of(6), broken)),
        Map.of(),
        "cannot be used: value 2 of tensor 0.bias is NaN, expected a finite number");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "activation   | gelu | one of [sigmoid, tanh, relu]",
        "pooling      | min  | one of [avg, max]",
        "input_scale  | wide | a finite number",
        "input_offset | NaN  | a finite number",
        "labels       | [1]  | a JSON array of 10 names",
        "labels       | x    | a JSON array of 10 names",
        "labels       | []   | a JSON array of 10 names",
      })
  void namesMetadataThatItDoesNotKnow(String key, String value, String expected) {
    Map<String, String> metadata = new HashMap<>(saved().metadata());
    metadata.put(key, value + '\u001b');
    assertRefused(
        saved().tensors(),
        metadata,
        "cannot be used: its metadata say %s is '%s?', expected %s"
            .formatted(key, value, expected));
  }

  @Test
  void refusesToWorkAfterClose() {
    LeNet net = builder().build();
    net.close();
    net.close();
    assertThatThrownBy(net::parameters).isInstanceOf(IllegalStateException.class);
    try (Dataset data = Examples.bars(3, 3)) {
      LeNet trained = LeNet.builder().device(Device.cpu()).build();
      trained.close();
      int before = Engines.liveCount();
      Trainer other = Trainer.classic().momentum(0.9);
      assertThatThrownBy(() -> other.fit(trained, data, data))
          .isInstanceOf(IllegalStateException.class);
      assertThat(Engines.liveCount()).isEqualTo(before);
    }
  }

  private Safetensors saved() {
    Path file = directory.resolve("saved.safetensors");
    try (LeNet net = builder().build()) {
      net.save(file);
    }
    return Safetensors.read(file);
  }

  private void assertRefused(List<Tensor> tensors, Map<String, String> metadata, String message) {
    Path file = directory.resolve("bad.safetensors");
    new Safetensors(tensors, metadata).write(file);
    assertThatThrownBy(() -> builder().load(file))
        .isInstanceOf(LeNetException.class)
        .hasMessageStartingWith(file.toString())
        .hasMessageContaining(message);
  }

  private static List<Tensor> with(List<Tensor> tensors, Tensor replacement) {
    return tensors.stream()
        .map(t -> t.name().equals(replacement.name()) ? replacement : t)
        .toList();
  }

  private static float max(float[] values) {
    float max = values[0];
    for (float value : values) {
      max = Math.max(max, value);
    }
    return max;
  }
}
