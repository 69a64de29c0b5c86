package org.lenet4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lenet4j.data.Dataset;
import org.lenet4j.data.IdxFiles;
import org.lenet4j.engine.Device;
import org.lenet4j.engine.Examples;
import org.lenet4j.training.LeNet;

/** Data sets that are laid out otherwise than MNIST: EMNIST's. */
class OtherDataTest {
  @TempDir private Path directory;

  private final Dataset train = Examples.bars(12, 3);
  private final Dataset test = Examples.bars(6, 3);

  private String emnist() throws IOException {
    Files.writeString(directory.resolve("mapping.txt"), "1 65 97\n2 66 98\n3 67 99\n");
    return IdxFiles.writeLikeEmnist(directory, "emnist-letters", train, test, 1).toString();
  }

  private LeNet trained(String name, String... options) {
    Path model = directory.resolve(name);
    String[] fixed = {
      "train",
      "--device",
      "java",
      "--epochs",
      "1",
      "--quiet",
      "--save",
      model.toString(),
      "--out",
      directory.resolve(name + "-run").toString()
    };
    int status =
        Main.commandLine()
            .execute(Stream.of(fixed, options).flatMap(Stream::of).toArray(String[]::new));
    assertThat(status).isZero();
    return LeNet.builder().device(Device.java()).load(model);
  }

  @Test
  void learnsTheSameAsFromUprightImagesWithLabelsFromZero() throws IOException {
    Path upright = IdxFiles.write(directory.resolve("upright"), train, test);
    try (LeNet letters =
            trained(
                "letters.safetensors",
                "--data",
                emnist(),
                "--dataset",
                "emnist-letters",
                "--transpose",
                "--label-map",
                directory.resolve("mapping.txt").toString());
        LeNet plain = trained("plain.safetensors", "--data", upright.toString())) {
      assertThat(letters.labels()).containsExactly("A/a", "B/b", "C/c");
      assertThat(letters.parameters()).isEqualTo(plain.parameters());
    }
  }

  @Test
  void resumesWithALabelMapThatHasMoved() throws IOException {
    String data = emnist();
    Path map = directory.resolve("mapping.txt");
    trained(
            "moving.safetensors",
            "--data",
            data,
            "--dataset",
            "emnist-letters",
            "--transpose",
            "--label-map",
            map.toString())
        .close();
    Path moved = Files.move(map, directory.resolve("moved.txt"));
    String run = directory.resolve("moving.safetensors-run").toString();
    assertThat(
            Main.commandLine()
                .execute("train", "--quiet", "--resume", run, "--label-map", moved.toString()))
        .isZero();
  }

  @Test
  void hasAClassForEveryNumberWithoutALabelMap() throws IOException {
    try (LeNet letters =
        trained(
            "numbers.safetensors",
            "--data",
            emnist(),
            "--dataset",
            "emnist-letters",
            "--transpose")) {
      assertThat(letters.config().classes()).isEqualTo(4);
    }
  }

  @Test
  void remindsOfTranspose() throws IOException {
    PrintStream before = System.err;
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    System.setErr(new PrintStream(err, true, StandardCharsets.UTF_8));
    try {
      trained("sideways.safetensors", "--data", emnist(), "--dataset", "emnist-letters").close();
    } finally {
      System.setErr(before);
    }
    assertThat(err.toString(StandardCharsets.UTF_8))
        .contains("warning: EMNIST's images lie on their sides: --transpose sets them upright");
  }
}
