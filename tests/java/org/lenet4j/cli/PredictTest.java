package org.lenet4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lenet4j.data.IdxFiles;
import org.lenet4j.engine.Examples;
import org.lenet4j.io.Json;

/** A network learns bars at three heights and then recognises drawn ones. */
class PredictTest {
  private static final String DEVICE = Cli.device("cpu");

  @TempDir private static Path directory;

  @BeforeAll
  static void trainAndDraw() throws IOException {
    IdxFiles.writeBars(directory.resolve("data"), 60, 60);
    Files.writeString(directory.resolve("names.txt"), "upper\nmiddle\nlower\n");
    Cli train =
        Cli.run(
            directory,
            ("train --data data --labels names.txt --activation tanh --lr 0.1 --batch-size 4"
                    + " --epochs 20 --out run --quiet --device "
                    + DEVICE)
                .split(" "));
    assertThat(train.err()).isEmpty();
    assertThat(train.status()).isZero();
    write("small.png", bar(28, 4, false));
    write("large.png", bar(112, 6, false));
    write("dark.jpg", bar(280, 2, true));
  }

  /** A bar of two rows of 28, as in {@link Examples#bars}. */
  private static BufferedImage bar(int size, int row, boolean inverted) {
    BufferedImage picture = new BufferedImage(size, size, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = picture.createGraphics();
    graphics.setColor(inverted ? Color.WHITE : Color.BLACK);
    graphics.fillRect(0, 0, size, size);
    graphics.setColor(inverted ? Color.BLACK : Color.WHITE);
    graphics.fillRect(0, row * size / 28, size, 2 * size / 28);
    graphics.dispose();
    return picture;
  }

  private static void write(String name, BufferedImage picture) throws IOException {
    String format = name.substring(name.indexOf('.') + 1);
    assertThat(ImageIO.write(picture, format, directory.resolve(name).toFile())).isTrue();
  }

  @Test
  void namesWhatItSees() {
    Cli predict =
        Cli.run(
            directory,
            ("predict --model run/best.safetensors --top 2 small.png large.png dark.jpg --device "
                    + DEVICE)
                .split(" "));
    assertThat(predict.err()).isEmpty();
    assertThat(predict.status()).isZero();
    List<String> lines = predict.out().lines().toList();
    assertThat(lines).hasSize(9);
    assertThat(lines.get(0)).isEqualTo("small.png:");
    assertThat(lines.get(1)).matches(" +\\d+\\.\\d\\d %  middle");
    assertThat(lines.get(3)).isEqualTo("large.png (resized from 112 x 112):");
    assertThat(lines.get(4)).endsWith("lower");
    assertThat(lines.get(6)).isEqualTo("dark.jpg (resized from 280 x 280, inverted):");
    assertThat(lines.get(7)).endsWith("upper");
  }

  @Test
  void warnsOfAPictureThatIsCutOff() throws IOException {
    byte[] whole = Files.readAllBytes(directory.resolve("dark.jpg"));
    Files.write(directory.resolve("cut.jpg"), Arrays.copyOf(whole, whole.length / 2));
    Cli predict =
        Cli.run(
            directory,
            ("predict --model run/best.safetensors cut.jpg --device " + DEVICE).split(" "));
    assertThat(predict.status()).isZero();
    assertThat(predict.err().lines())
        .isNotEmpty()
        .allMatch(line -> line.startsWith("WARNING: cut.jpg: "));
  }

  @Test
  void tellsMachines() {
    Cli predict =
        Cli.run(
            directory,
            ("predict --model run/model.safetensors --json small.png --device " + DEVICE)
                .split(" "));
    Map<?, ?> line = (Map<?, ?>) Json.parse(predict.out().strip());
    assertThat(line.get("file")).isEqualTo("small.png");
    assertThat(line.get("index")).isEqualTo(0L);
    List<?> predictions = (List<?>) line.get("predictions");
    assertThat(predictions).hasSize(3);
    Map<?, ?> first = (Map<?, ?>) predictions.get(0);
    assertThat(first.get("class")).isEqualTo(1L);
    assertThat(first.get("label")).isEqualTo("middle");
    assertThat(
            (double)
                predictions.stream()
                    .mapToDouble(p -> (Double) ((Map<?, ?>) p).get("probability"))
                    .sum())
        .isBetween(0.9999, 1.0001);
  }

  @Test
  void takesAllImagesOfAnIdxFile() {
    Cli predict =
        Cli.run(
            directory,
            ("predict --device cpu --model run/model.safetensors --top 1"
                    + " data/t10k-images-idx3-ubyte")
                .split(" "));
    assertThat(predict.err()).isEmpty();
    List<String> lines = predict.out().lines().toList();
    assertThat(lines).hasSize(120);
    String[] names = {"upper", "middle", "lower"};
    for (int i = 0; i < 60; i++) {
      assertThat(lines.get(2 * i)).isEqualTo("data/t10k-images-idx3-ubyte[%d]:", i);
      assertThat(lines.get(2 * i + 1)).endsWith("  " + names[i % 3]);
    }
  }

  @Test
  void saysWhatIsNoPicture() throws IOException {
    byte[] png = Files.readAllBytes(directory.resolve("large.png"));
    Files.write(directory.resolve("cut.png"), Arrays.copyOf(png, png.length / 2));
    Files.write(directory.resolve("cut.idx"), new byte[] {0, 0, 8, 3, 0});
    for (String[] wrong :
        new String[][] {
          {"names.txt", " is neither a picture in PNG, JPEG, GIF or BMP nor a file of IDX images"},
          {"nowhere.png", " could not be read: it does not exist"},
          {"run", " is not a regular file, expected a picture"},
          {"cut.png", " could not be read: "},
          {"cut.idx", ": byte 5: found the end of the file, expected a header of 16 bytes"}
        }) {
      Path picture = directory.resolve(wrong[0]);
      Cli predict =
          Cli.runHere(
              "predict",
              "--device",
              DEVICE,
              "--model",
              directory.resolve("run/model.safetensors").toString(),
              picture.toString());
      assertThat(predict.status()).isEqualTo(1);
      assertThat(predict.err()).startsWith("error: " + picture + wrong[1]);
      assertThat(predict.err().lines()).hasSize(1);
    }
  }
}
