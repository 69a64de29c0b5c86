package org.lenet4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lenet4j.Version;
import org.lenet4j.data.IdxFiles;
import org.lenet4j.io.Json;
import org.lenet4j.training.CurvePoint;
import org.lenet4j.training.Epoch;
import org.lenet4j.training.Training;
import org.lenet4j.training.Training.Outcome;

/** One small training as a user runs it, and what can be done with its results. */
class TrainingRunTest {
  private static final String DEVICE = " --device " + Cli.device("java");
  private static final String DEVICE_NAME = Cli.deviceName("java");

  @TempDir private static Path directory;

  private static Cli train;
  private static Path run;

  @BeforeAll
  static void trainOnce() throws IOException {
    IdxFiles.writeBars(directory.resolve("data"), 60, 20);
    train =
        Cli.run(
            directory,
            ("--data data --activation tanh --lr 0.05 --batch-size 4 --epochs 2"
                    + " --train-limit 43 --seed 3 --save saved.safetensors"
                    + DEVICE)
                .split(" "));
    run = directory.resolve("lenet4j-out/run-1");
  }

  @Test
  void printsWhatTheChapterPrints() {
    assertThat(train.err()).isEmpty();
    assertThat(train.status()).isZero();
    List<String> lines = train.out().lines().toList();
    assertThat(lines.subList(0, 2))
        .containsExactly(
            "43 training and 20 test examples from data", "training on " + DEVICE_NAME);
    assertThat(lines.get(2))
        .startsWith(DEVICE_NAME + " (")
        .endsWith("); tanh, avg pooling, 3 classes");
    assertThat(lines.subList(3, 15))
        .allMatch(line -> line.matches("\\w+ output shape: \\[1(, \\d+)+]"))
        .startsWith("Conv2d output shape: [1, 6, 28, 28]", "Tanh output shape: [1, 6, 28, 28]")
        .endsWith("Linear output shape: [1, 3]");
    String results = "loss \\d\\.\\d{3}, train acc \\d\\.\\d{3}, test acc \\d\\.\\d{3}";
    assertThat(lines.get(15)).matches("epoch 1/2: " + results);
    assertThat(lines.get(16)).matches("epoch 2/2: " + results);
    assertThat(lines.subList(17, 23))
        .containsExactly(
            "curves in lenet4j-out/run-1/curves.png",
            "curves in lenet4j-out/run-1/curves.svg",
            "report in lenet4j-out/run-1/report.html",
            "history in lenet4j-out/run-1/history.jsonl",
            "best epoch, %d, in lenet4j-out/run-1/best.safetensors".formatted(bestEpoch(lines)),
            "weights in lenet4j-out/run-1/model.safetensors and saved.safetensors");
    assertThat(lines.get(23)).matches(results).isEqualTo(lines.get(16).substring(11));
    assertThat(lines.get(24))
        .matches(
            "\\d+ examples/sec on %s \\(\\d+ over whole epochs, shuffling included\\)"
                .formatted(Pattern.quote(DEVICE_NAME)));
    assertThat(lines).hasSize(25);
  }

  private static int bestEpoch(List<String> lines) {
    return lines.get(16).substring(11 + 37).compareTo(lines.get(15).substring(11 + 37)) > 0 ? 2 : 1;
  }

  @Test
  void leavesARunFolder() throws IOException {
    try (Stream<Path> files = Files.list(run)) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .containsExactlyInAnyOrder(
              ".lock",
              "best.safetensors",
              "config.json",
              "curves.png",
              "curves.svg",
              "history.jsonl",
              "last.safetensors",
              "model.safetensors",
              "report.html");
    }
    assertThat(run.resolve("model.safetensors"))
        .hasSameBinaryContentAs(directory.resolve("saved.safetensors"));
  }

  @Test
  void writesTheHistory() throws IOException {
    List<Map<String, Object>> lines = jsonLines(Files.readString(run.resolve("history.jsonl")));
    assertThat(lines.stream().map(line -> line.get("type")))
        .containsExactly(
            "point", "point", "point", "point", "point", "point", "epoch", //
            "point", "point", "point", "point", "point", "point", "epoch");
    assertThat(lines.get(0)).containsOnlyKeys("type", "epoch", "loss", "train_acc");
    assertThat((double) lines.get(0).get("epoch")).isCloseTo(2 / 11.0, within(1e-12));
    Map<String, Object> last = lines.get(13);
    assertThat(last)
        .containsOnlyKeys(
            "type",
            "epoch",
            "lr",
            "loss",
            "train_acc",
            "val_loss",
            "val_acc",
            "test_loss",
            "test_acc",
            "examples",
            "step_seconds",
            "train_seconds",
            "evaluation_seconds",
            "examples_per_sec");
    assertThat(last.get("epoch")).isEqualTo(2L);
    assertThat(last.get("examples")).isEqualTo(43L);
    assertThat(last.get("loss")).isEqualTo(lines.get(12).get("loss"));
    assertThat(last.get("val_acc")).isNull();
    assertThat(train.out()).contains("test acc %.3f".formatted((Double) last.get("test_acc")));
  }

  @Test
  void drawsTheCurves() throws IOException {
    BufferedImage image = ImageIO.read(run.resolve("curves.png").toFile());
    assertThat(image.getWidth()).isEqualTo(900);
    assertThat(image.getHeight()).isEqualTo(600);
    Set<Integer> colours = new HashSet<>();
    for (int y = 0; y < image.getHeight(); y++) {
      for (int x = 0; x < image.getWidth(); x++) {
        colours.add(image.getRGB(x, y) & 0xffffff);
      }
    }
    assertThat(colours).contains(0xffffff, 0x1f77b4, 0x9b1fb4, 0x2a8a2a);
  }

  @Test
  void drawsTheCurvesOfAStoppedRunAsFarAsItCame() throws IOException {
    Epoch epoch = new Epoch(1, 0.5, 1, 0.5, Double.NaN, Double.NaN, 1, 0.5, 40, 1, 1, 1);
    List<CurvePoint> curve =
        Stream.of(0.5, 1.0, 1.5).map(end -> new CurvePoint(end, 0.8, 0.5)).toList();
    Path png = directory.resolve("stopped.png");
    CurvesPlot.write(png, new Training(List.of(epoch), curve, Outcome.STOPPED), "stopped");
    BufferedImage image = ImageIO.read(png.toFile());
    int aboveTheLegend = 500;
    int lastColumn =
        IntStream.range(0, image.getWidth())
            .filter(
                x ->
                    IntStream.range(0, aboveTheLegend)
                        .anyMatch(y -> (image.getRGB(x, y) & 0xffffff) == 0x1f77b4))
            .max()
            .orElseThrow();
    assertThat(lastColumn).as("the line's end, 1.5 of 2 epochs").isCloseTo(680, within(30));
  }

  @Test
  void evaluatesToTheSameAccuracy() {
    Cli evaluate =
        Cli.run(directory, ("evaluate --model saved.safetensors --data data" + DEVICE).split(" "));
    assertThat(evaluate.err()).isEmpty();
    assertThat(evaluate.status()).isZero();
    String accuracy = train.out().replaceAll("(?s).*(test acc \\S+).*", "$1");
    assertThat(evaluate.out())
        .contains("20 test examples from data")
        .contains("evaluating on " + DEVICE_NAME)
        .contains("tanh, avg pooling, 3 classes")
        .contains(", " + accuracy + " +- 0.")
        .contains("\n\nclass  precision  recall     F1  examples\n0  ")
        .contains("\n\ntrue class        0   1   2  <- taken for\n0            0 ");
  }

  @Test
  void evaluatesForMachines() {
    Cli evaluate =
        Cli.run(
            directory,
            "evaluate --model saved.safetensors --data data --device java --json".split(" "));
    assertThat(evaluate.err()).isEmpty();
    Map<?, ?> line = (Map<?, ?>) Json.parse(evaluate.out().strip());
    assertThat(line.get("examples")).isEqualTo(20L);
    assertThat(train.out()).contains("test acc %.3f".formatted((Double) line.get("accuracy")));
    List<?> classes = (List<?>) line.get("classes");
    List<?> rows = (List<?>) line.get("confusion");
    assertThat(classes).hasSize(3);
    long correct = 0;
    for (int c = 0; c < 3; c++) {
      List<?> row = (List<?>) rows.get(c);
      Map<?, ?> entry = (Map<?, ?>) classes.get(c);
      assertThat(entry.get("label")).isEqualTo(Integer.toString(c));
      assertThat(row.stream().mapToLong(n -> (Long) n).sum()).isEqualTo(entry.get("examples"));
      correct += (Long) row.get(c);
    }
    assertThat(line.get("accuracy")).isEqualTo(correct / 20.0);
  }

  @Test
  void exportsWhatItTrained() throws IOException {
    Cli onnx =
        Cli.run(
            directory,
            "export --model saved.safetensors --format onnx --softmax --output net.onnx"
                .split(" "));
    assertThat(onnx.err()).isEmpty();
    assertThat(onnx.out().strip())
        .isEqualTo("network (tanh, avg pooling, 3 classes) written to net.onnx");
    assertThat(Files.size(directory.resolve("net.onnx"))).isGreaterThan(4 * 61_000L);
    Cli safetensors =
        Cli.run(
            directory,
            ("export --model lenet4j-out/run-1/last.safetensors --format safetensors"
                    + " --output again.safetensors")
                .split(" "));
    assertThat(safetensors.status()).isZero();
    assertThat(directory.resolve("again.safetensors"))
        .hasSameBinaryContentAs(directory.resolve("saved.safetensors"));
  }

  @Test
  void startsFromSavedWeightsQuietly() {
    Cli more =
        Cli.run(
            directory,
            ("train --data data --lr 0.05 --batch-size 4 --epochs 1 --no-shuffle"
                    + " --init saved.safetensors --out runs/more --quiet"
                    + DEVICE)
                .split(" "));
    assertThat(more.err()).isEmpty();
    assertThat(more.status()).isZero();
    assertThat(more.out().lines()).hasSize(2);
    assertThat(more.out().lines().toList().get(1)).contains("examples/sec on " + DEVICE_NAME);
    assertThat(directory.resolve("runs/more/curves.png")).isRegularFile();
    double before = loss(train.out());
    assertThat(loss(more.out())).isLessThan(before);
  }

  @Test
  void neverOverwritesAnEarlierRun() {
    Cli again =
        Cli.run(directory, ("train --data data --out lenet4j-out/run-1" + DEVICE).split(" "));
    assertThat(again.status()).isEqualTo(1);
    assertThat(again.err())
        .startsWith("error: lenet4j-out/run-1 holds a run already: name another folder");
  }

  @Test
  void recordsWhatTheRunWas() throws IOException {
    Map<?, ?> config = (Map<?, ?>) Json.parse(Files.readString(run.resolve("config.json")));
    assertThat(config.get("lenet4j_version")).isEqualTo(Version.current());
    assertThat((String) config.get("device")).startsWith(DEVICE_NAME + " (");
    assertThat(config.get("classes")).isEqualTo(3L);
    Map<?, ?> data = (Map<?, ?>) config.get("data");
    assertThat(data.get("train_examples")).isEqualTo(43L);
    assertThat((String) data.get("sha256")).matches("[0-9a-f]{64} [0-9a-f]{64}");
    Map<?, ?> options = (Map<?, ?>) config.get("options");
    assertThat(options.get("--epochs")).isEqualTo("2");
    assertThat(options.get("--momentum")).as("a default").isEqualTo("0");
    assertThat(options.get("--seed")).isEqualTo("3");
    assertThat(options.get("--no-shuffle")).isEqualTo(false);
    assertThat(options.get("--patience")).isNull();
    assertThat(Path.of((String) options.get("--data"))).isAbsolute().isDirectory();
  }

  @Test
  void drawsTheCurvesAsSvgToo() throws IOException {
    Path svg = run.resolve("curves.svg");
    assertThat(Files.readString(svg))
        .contains("<title>test acc", ">train loss<", ">train acc<", "epoch")
        .hasSizeLessThan(40_000);
  }

  @Test
  void reportsTheRunAndHowToRepeatIt() throws IOException {
    String report = Files.readString(run.resolve("report.html"));
    assertThat(report)
        .contains("<h1>LeNet: run-1</h1>", "<p>" + DEVICE_NAME + " (", "; tanh, avg pooling")
        .contains("<th scope=\"row\">data train examples</th><td>43</td>");
    String command = report.replaceAll("(?s).*<code>(.*)</code>.*", "$1");
    assertThat(command)
        .startsWith("lenet4j train ")
        .contains(" --epochs 2", " --lr 0.05", " --train-limit 43", " --seed 3")
        .doesNotContain("--momentum", "--no-shuffle");
    Cli again = Cli.run(directory, (command.substring(8) + " --out runs/again --quiet").split(" "));
    assertThat(again.err()).isEmpty();
    assertThat(again.status()).isZero();
    assertThat(directory.resolve("runs/again/model.safetensors"))
        .hasSameBinaryContentAs(run.resolve("model.safetensors"));
  }

  @Test
  void resumesAFinishedRunWithoutTrainingAgain() throws IOException {
    byte[] history = Files.readAllBytes(run.resolve("history.jsonl"));
    byte[] weights = Files.readAllBytes(run.resolve("model.safetensors"));
    Cli again = Cli.run(directory, "train --resume lenet4j-out/run-1".split(" "));
    assertThat(again.err()).isEmpty();
    assertThat(again.status()).isZero();
    assertThat(again.out()).contains("resuming after 2 epochs and 0 steps");
    assertThat(run.resolve("history.jsonl")).hasBinaryContent(history);
    assertThat(run.resolve("model.safetensors")).hasBinaryContent(weights);
  }

  @Test
  void keepsToTheRunsOptionsWhenItResumes() {
    Cli changed = Cli.run(directory, "train --resume lenet4j-out/run-1 --lr 0.1".split(" "));
    assertThat(changed.status()).isEqualTo(2);
    assertThat(changed.err())
        .startsWith("error: --resume keeps the run's own options: --lr cannot be given with it");
  }

  @Test
  void talksToMachines() {
    Cli cli =
        Cli.run(
            directory,
            ("train --data data --batch-size 16 --epochs 3 --out runs/json --json"
                    + " --target-accuracy 0.0 --schedule one-cycle --momentum 0.9 --nesterov"
                    + " --validation-split 0.2"
                    + DEVICE)
                .split(" "));
    assertThat(cli.err()).isEmpty();
    assertThat(cli.status()).isZero();
    List<Map<String, Object>> lines = jsonLines(cli.out());
    assertThat(lines.stream().map(line -> line.get("type")))
        .containsExactly("point", "point", "point", "epoch", "end");
    assertThat(lines.get(3).get("val_acc")).isInstanceOf(Double.class);
    assertThat(lines.get(4).get("outcome")).isEqualTo("target-reached");
    assertThat(lines.get(4).get("epochs")).isEqualTo(1L);
  }

  @Test
  void showsLossWithinAnEpochWhenAsked() {
    Cli cli =
        Cli.run(
            directory,
            "train --data data --device java --batch-size 8 --epochs 1 --log-interval 3 --out runs/log"
                .split(" "));
    assertThat(cli.err()).isEmpty();
    String results = "loss \\d\\.\\d{3}, train acc \\d\\.\\d{3}";
    List<String> lines = cli.out().lines().filter(line -> line.contains("step ")).toList();
    assertThat(lines).hasSize(3);
    assertThat(lines.get(0)).matches("epoch 1/1, step 3/8: " + results);
    assertThat(lines.get(1)).matches("epoch 1/1, step 6/8: " + results);
    assertThat(lines.get(2)).matches("epoch 1/1, step 8/8: " + results);
  }

  @Test
  void onlyPlansADryRun() {
    Cli cli =
        Cli.run(
            directory,
            "train --data data --device java --recipe modern --batch-size 7 --dry-run --out runs/dry --tensorboard runs/events"
                .split(" "));
    assertThat(cli.err()).isEmpty();
    assertThat(cli.status()).isZero();
    List<String> lines = cli.out().lines().toList();
    assertThat(lines.get(2)).endsWith("relu, max pooling, 3 classes");
    assertThat(lines.get(3)).isEqualTo("20 epochs of 9 steps, 180 steps in all");
    assertThat(lines.get(4))
        .startsWith("with --recipe modern --epochs 20 --batch-size 7 --lr 0.08 ")
        .contains(" --nesterov ", " --augment flip,shift ", " --standardize data");
    assertThat(lines.get(5)).isEqualTo("nothing was trained: --dry-run");
    assertThat(directory.resolve("runs/dry")).doesNotExist();
    assertThat(directory.resolve("runs/events")).doesNotExist();
  }

  @Test
  void plansForMachinesToo() {
    Cli cli =
        Cli.run(
            directory,
            "train --data data --device java --batch-size 7 --epochs 2 --dry-run --json"
                .split(" "));
    assertThat(cli.err()).isEmpty();
    Map<String, Object> plan = jsonLines(cli.out()).get(0);
    assertThat(plan)
        .containsEntry("type", "plan")
        .containsEntry("epochs", 2L)
        .containsEntry("steps_per_epoch", 9L);
    Map<?, ?> options = (Map<?, ?>) plan.get("options");
    assertThat(options.get("--batch-size")).isEqualTo("7");
  }

  private static double loss(String out) {
    String results = out.lines().filter(line -> line.startsWith("loss ")).findFirst().orElseThrow();
    return Double.parseDouble(results.substring(5, 10));
  }

  @SuppressWarnings("unchecked")
  private static List<Map<String, Object>> jsonLines(String text) {
    return text.lines().map(line -> (Map<String, Object>) Json.parse(line)).toList();
  }
}
