package org.lenet4j.training;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lenet4j.Python;
import org.lenet4j.data.Dataset;
import org.lenet4j.data.IdxFiles;
import org.lenet4j.engine.Activation;
import org.lenet4j.engine.Device;
import org.lenet4j.engine.EngineConfig;
import org.lenet4j.engine.Examples;
import org.lenet4j.engine.Layer;
import org.lenet4j.engine.Pooling;
import org.lenet4j.io.Safetensors;

/**
 * Weights travel between lenet4j and the real PyTorch, both ways, by docs/pytorch_lenet.py. Runs
 * where {@link Python} has torch and safetensors.
 */
class PyTorchTest {
  private static final int COUNT = 64;

  @TempDir private static Path directory;

  private static Dataset data;
  private static byte[] images;

  @BeforeAll
  static void findPyTorch() throws Exception {
    Python.Result found = Python.run(directory, "-c", "import torch, safetensors");
    Assumptions.assumeTrue(
        found.status() == 0, Python.PROGRAM + " has no torch and safetensors: " + found.err());
    data = Examples.bars(COUNT, 3);
    images = new byte[COUNT * Dataset.PIXELS];
    data.pixels().get(images);
    IdxFiles.write(directory.resolve("data"), data, data);
  }

  @Test
  void readsWhatWeSave() throws Exception {
    for (Activation activation : Activation.values()) {
      for (Pooling pooling : Pooling.values()) {
        try (LeNet net =
            LeNet.builder()
                .device(Device.cpu())
                .classes(3)
                .activation(activation)
                .pooling(pooling)
                .standardize(0.2860, 0.3530)
                .seed(5)
                .build()) {
          Trainer.classic().epochs(3).batchSize(4).learningRate(0.05).fit(net, data, data);
          net.save(directory.resolve("ours.safetensors"));
          script(
              """
              net = pytorch_lenet.load("ours.safetensors")
              images = pytorch_lenet.read_images("data/t10k-images-idx3-ubyte")
              with torch.no_grad():
                  save_file({"logits": net(images)}, "logits.safetensors")
              """);
          assertSameLogits(net);
        }
      }
    }
  }

  @Test
  void savesWhatWeRead() throws Exception {
    script(
        """
        torch.manual_seed(0)
        net = pytorch_lenet.lenet("relu", "max", 4)
        images = pytorch_lenet.read_images("data/t10k-images-idx3-ubyte")
        pytorch_lenet.save(net, "theirs.safetensors", "relu", "max", 1 / 90, -0.8)
        save_file(net.state_dict(), "bare.safetensors")
        with torch.no_grad():
            save_file({"logits": net(images / 90 - 0.8)}, "logits.safetensors")
        """);
    Path theirs = directory.resolve("theirs.safetensors");
    try (LeNet net = LeNet.builder().device(Device.cpu()).load(theirs)) {
      assertThat(net.config())
          .isEqualTo(
              EngineConfig.CLASSIC
                  .withClasses(4)
                  .withVariant(Activation.RELU, Pooling.MAX)
                  .withInput((float) (1 / 90.0), -0.8f));
      assertSameLogits(net);
      try (LeNet bare = LeNet.load(directory.resolve("bare.safetensors"))) {
        assertThat(bare.parameters()).isEqualTo(net.parameters());
        assertThat(bare.config()).isEqualTo(EngineConfig.CLASSIC.withClasses(4));
      }
    }
  }

  @Test
  void classifiesFromTheCommandLineAsDocumented() throws Exception {
    try (LeNet net = LeNet.builder().activation(Activation.RELU).seed(3).build()) {
      Path model = directory.resolve("documented.safetensors");
      net.save(model);
      Python.Result classes =
          Python.run(
              directory,
              Path.of("docs/pytorch_lenet.py").toAbsolutePath().toString(),
              model.toString(),
              "data/t10k-images-idx3-ubyte");
      int[] expected = Arrays.stream(net.predictAll(images)).mapToInt(Evaluation::argmax).toArray();
      assertThat(classes.out().strip()).as(classes.err()).isEqualTo(Arrays.toString(expected));
    }
  }

  /** Sums of some thousand products, each rounded to float: 1e-5 of the largest logit. */
  private static void assertSameLogits(LeNet net) {
    float[] expected = net.engine().output(Layer.FC3, images);
    float[] found =
        Safetensors.read(directory.resolve("logits.safetensors"))
            .tensor("logits")
            .orElseThrow()
            .values();
    assertThat(found).hasSameSizeAs(expected);
    double largest = 0;
    double worst = 0;
    for (int i = 0; i < found.length; i++) {
      largest = Math.max(largest, Math.abs(expected[i]));
      worst = Math.max(worst, Math.abs((double) found[i] - expected[i]));
    }
    assertThat(worst).isLessThan(1e-5 * largest);
  }

  private static void script(String body) {
    Python.Result result =
        Python.run(
            directory,
            "-c",
            "import pytorch_lenet, torch\nfrom safetensors.torch import save_file\n" + body);
    assertThat(result.status()).as(result.err()).isZero();
  }
}
