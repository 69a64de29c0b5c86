package org.lenet4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lenet4j.data.IdxFiles;
import org.lenet4j.engine.Device;
import org.lenet4j.training.LeNet;

/** What can go wrong outside the program is one sentence and exit status 1. */
class FailureTest {
  private static final String DEVICE = Cli.device("java");

  @TempDir private static Path directory;

  private static Path data;

  @BeforeAll
  static void writeData() throws IOException {
    data = IdxFiles.writeBars(directory.resolve("data"), 12, 12);
  }

  private static void assertFails(String message, String... args) {
    Cli cli = Cli.runHere(args);
    assertThat(cli.err()).startsWith("error: ").contains(message);
    assertThat(cli.err().lines()).hasSize(1);
    assertThat(cli.status()).isEqualTo(1);
  }

  @Test
  void withoutTheModel() {
    Path missing = directory.resolve("missing.safetensors");
    assertFails(
        missing + " could not be read: it does not exist",
        "evaluate",
        "--model",
        missing.toString(),
        "--device",
        DEVICE,
        "--data",
        data.toString());
  }

  @Test
  void withAnotherVariantThanTheModels() {
    Path file = directory.resolve("sigmoid.safetensors");
    try (LeNet net = LeNet.builder().device(Device.java()).classes(3).build()) {
      net.save(file);
    }
    for (String command : List.of("evaluate", "summary", "export --format onnx --output x.onnx")) {
      String[] args = (command + " --activation relu --model " + file).split(" ");
      assertFails(file + " is a network with activation sigmoid, not relu", args);
    }
  }

  @Test
  void withACorruptModel() throws IOException {
    Path corrupt = Files.writeString(directory.resolve("corrupt.safetensors"), "not a model file");
    assertFails(
        corrupt + " is not a valid safetensors file",
        "evaluate",
        "--model",
        corrupt.toString(),
        "--device",
        DEVICE,
        "--data",
        data.toString());
    assertFails(
        corrupt + " is not a valid safetensors file",
        "--init",
        corrupt.toString(),
        "--device",
        DEVICE,
        "--data",
        data.toString());
  }

  @Test
  void withoutTheData() {
    Path missing = directory.resolve("nowhere");
    assertFails(missing + " does not exist", "--data", missing.toString(), "--device", DEVICE);
  }

  @Test
  void withMoreLabelsThanTheModelHasClasses() {
    Path two = directory.resolve("two.safetensors");
    try (LeNet net = LeNet.builder().device(Device.java()).classes(2).build()) {
      net.save(two);
    }
    String message =
        "the data in %s has labels up to 2, the network only 2 classes; take a network"
            .formatted(data);
    assertFails(
        message,
        "evaluate",
        "--model",
        two.toString(),
        "--device",
        DEVICE,
        "--data",
        data.toString());
    assertFails(message, "--init", two.toString(), "--device", DEVICE, "--data", data.toString());
  }

  @Test
  void whenTheWeightsCouldNotBeSavedInTheEnd() {
    Path lost = directory.resolve("no/such/folder/w.safetensors");
    assertFails(
        lost + " cannot be written: there is no directory",
        "--save",
        lost.toString(),
        "--device",
        DEVICE,
        "--data",
        data.toString());
    assertThat(directory.resolve("lenet4j-out")).doesNotExist();
  }

  @Test
  void whenTheExportCouldNotBeWritten() {
    Path lost = directory.resolve("no/such/folder/net.onnx");
    assertFails(
        lost + " cannot be written: there is no directory",
        "export",
        "--model",
        "is not looked at",
        "--format",
        "onnx",
        "--output",
        lost.toString());
  }

  @Test
  void whenTheRunFolderIsAFile() throws IOException {
    Path file = Files.writeString(directory.resolve("file"), "");
    assertFails(
        file + " is a file, expected a folder for the run's results",
        "--quiet",
        "--out",
        file.toString(),
        "--device",
        DEVICE,
        "--data",
        data.toString());
  }

  @Test
  void whenTrainingDiverges() {
    Path out = directory.resolve("diverged");
    assertFails(
        "the training diverged: the loss is NaN",
        "--lr",
        "1e30",
        "--activation",
        "relu",
        "--epochs",
        "3",
        "--batch-size",
        "4",
        "--out",
        out.toString(),
        "--device",
        DEVICE,
        "--data",
        data.toString(),
        "--quiet");
    assertThat(out.resolve("history.jsonl")).isRegularFile();
    assertThat(out.resolve("model.safetensors")).doesNotExist();
  }

  @Test
  void withoutAStackTraceUnlessAskedFor() {
    Path missing = directory.resolve("nowhere");
    Cli cli = Cli.runHere("train", "--debug", "--data", missing.toString());
    assertThat(cli.status()).isEqualTo(1);
    assertThat(cli.err()).startsWith("org.lenet4j.LeNetException: ").contains("\tat org.");
  }

  @Test
  void withLabelsThatAreNotText() throws IOException {
    Path labels = Files.write(directory.resolve("labels.txt"), new byte[] {'a', (byte) 0xff});
    assertFails(
        labels + " could not be read: it is not text in UTF-8",
        "--labels",
        labels.toString(),
        "--device",
        DEVICE,
        "--data",
        data.toString());
  }

  @Test
  void namesThePlotThatCouldNotBeWritten() throws IOException {
    String out = directory.resolve("blocked").toString();
    String[] train = {"train", "--epochs", "1", "--quiet", "--device", DEVICE, "--out", out};
    Cli first =
        Cli.run(
            directory,
            Stream.concat(Stream.of(train), Stream.of("--data", data.toString()))
                .toArray(String[]::new));
    assertThat(first.err()).isEmpty();
    Path svg = Path.of(out, "curves.svg");
    Files.delete(svg);
    Files.createDirectories(svg.resolve("taken"));
    Cli again = Cli.run(directory, "train", "--quiet", "--resume", out);
    assertThat(again.status()).isZero();
    assertThat(again.err().lines()).hasSize(1);
    assertThat(again.err()).startsWith("warning: %s was not drawn: %s ".formatted(svg, svg));
  }

  @Test
  void butATrainingIsNotLostForWantOfAPlot() {
    String withoutXchart =
        Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
            .filter(entry -> !entry.contains("xchart"))
            .collect(Collectors.joining(File.pathSeparator));
    Path out = directory.resolve("unplotted");
    Cli train =
        Cli.runWithClassPath(
            withoutXchart,
            directory,
            "--epochs",
            "1",
            "--quiet",
            "--device",
            DEVICE,
            "--data",
            data.toString(),
            "--out",
            out.toString());
    assertThat(train.status()).isZero();
    assertThat(train.err().lines()).hasSize(1);
    assertThat(train.err()).startsWith("warning: " + out.resolve("curves.png") + " was not drawn");
    assertThat(train.out()).startsWith("loss ");
    assertThat(out.resolve("model.safetensors")).isRegularFile();
    assertThat(out.resolve("curves.png")).doesNotExist();
  }
}
