package org.lenet4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lenet4j.Version;

/** Help, version and wrong usage. */
class UsageTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int execute(String... args) {
    return Main.commandLine()
        .setOut(new PrintWriter(out))
        .setErr(new PrintWriter(err))
        .execute(Main.trainByDefault(args));
  }

  @Test
  void showsHelpAndVersionInAProcess(@TempDir Path directory) {
    Cli help = Cli.run(directory, "--help");
    assertThat(help.status()).isZero();
    assertThat(help.out()).contains("train", "evaluate", "summary", "Examples:", "Exit status:");
    assertThat(help.err()).isEmpty();
    Cli wrong = Cli.run(directory, "--epochs", "0");
    assertThat(wrong.status()).isEqualTo(2);
    assertThat(wrong.out()).isEmpty();
    assertThat(wrong.err().lines())
        .containsExactly(
            "error: Invalid value for option '--epochs': expected a whole number from 1 to"
                + " 2147483647, got '0'",
            "See 'lenet4j train --help'.");
  }

  @ParameterizedTest
  @ValueSource(strings = {"train", "evaluate", "predict", "export", "summary", "bench", "doctor"})
  void everyCommandHasHelpAndVersion(String command) {
    assertThat(execute(command, "--help")).isZero();
    assertThat(out.toString())
        .startsWith("Usage: lenet4j " + command)
        .contains("Examples:")
        .doesNotContain("${");
    assertThat(out.toString().contains("default: auto"))
        .isEqualTo(!List.of("export", "doctor").contains(command));
    assertThat(out.toString().lines()).as("examples to copy").containsAll(examples(command));
    assertThat(execute(command, "--version")).isZero();
    assertThat(out.toString()).contains("lenet4j " + Version.current());
  }

  private static List<String> examples(String command) {
    return Stream.of(
            Main.commandLine()
                .getSubcommands()
                .get(command)
                .getCommandSpec()
                .usageMessage()
                .footer())
        .filter(line -> line.startsWith("  "))
        .toList();
  }

  @Test
  void helpIsACommandToo() {
    assertThat(execute("help", "predict")).isZero();
    assertThat(out.toString()).startsWith("Usage: lenet4j predict");
  }

  @Test
  void knowsItsVersion() {
    assertThat(Version.current()).matches("\\d+\\.\\d+\\.\\d+.*");
    assertThat(execute("--version")).isZero();
    assertThat(out).hasToString("lenet4j " + Version.current() + System.lineSeparator());
  }

  @Test
  void showsTheDefaultsOfTraining() {
    assertThat(execute("train", "--help")).isZero();
    assertThat(out.toString())
        .contains("(default: 10)", "(default: 256)", "(default: 0.9)", "--no-shuffle");
  }

  @Test
  void showsTheDefaultsOfARecipe() {
    assertThat(execute("train", "--recipe", "modern", "--help")).isZero();
    assertThat(out.toString())
        .contains("(default: 20)", "(default: 128)", "(default: 0.08)", "flip,shift)");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--epochs ten              | '--epochs': expected a whole number from 1",
        "--epochs 99999999999      | '--epochs': expected a whole number from 1",
        "--batch-size 0            | '--batch-size': expected a whole number from 1",
        "--lr nan                  | '--lr': expected a number above 0, got 'nan'",
        "--lr NaN                  | '--lr': expected a number above 0",
        "--lr -1                   | '--lr': expected a number above 0",
        "--lr Infinity             | '--lr': expected a number above 0",
        "--seed x                  | '--seed'",
        "--threads -1              | '--threads': expected a whole number from 0 to 1024",
        "--train-limit 0           | '--train-limit': expected a whole number from 1",
        "--activation gelu         | '--activation': expected sigmoid or tanh or relu, got 'gelu'",
        "--pooling min             | '--pooling': expected avg or max, got 'min'",
        "--device gpu              | unknown device 'gpu': use auto, java, cpu, cuda or cuda:N",
        "--schedule linear         | '--schedule': expected constant or step or cosine or"
            + " one-cycle",
        "--momentum 1              | '--momentum': expected a number of at least 0 and below 1",
        "--weight-decay -1         | '--weight-decay': expected a number of at least 0, got '-1'",
        "--weight-decay 1e39       | '--weight-decay': expected a number of at least 0, got '1e39'",
        "--nesterov --momentum 1e-50 | --nesterov needs a --momentum above 0",
        "--target-accuracy 90      | '--target-accuracy': expected a number from 0 to 1, got '90'",
        "--augment flop            | '--augment': expected none, flip, shift=PIXELS (at most 27) or both",
        "--augment flip,           | '--augment': expected none, flip",
        "--augment shift=28        | '--augment': expected none, flip",
        "--standardize 0.3         | '--standardize': expected data, none or MEAN,DEVIATION",
        "--standardize 0.3,0       | '--standardize': expected data, none or MEAN,DEVIATION",
        "--standardize 73,90       | '--standardize': expected data, none or MEAN,DEVIATION",
        "--recipe new              | '--recipe': expected classic or modern, got 'new'",
        "--recipe modern --momentum 0 | --nesterov needs a --momentum above 0; without one, say --no-nesterov",
        "--initializer zero        | '--initializer': expected xavier or he, got 'zero'",
        "--nesterov                | --nesterov needs a --momentum above 0",
        "--warmup 10               | --warmup must be shorter than the training's 10 epochs",
        "--dataset emnist-letters  | --dataset needs --data: which directory?",
        "--force                   | --force needs --out",
        "--epochs                  | Missing required parameter for option '--epochs' (N)",
        "train --epoch 3           | Unknown option '--epoch'",
        "trian                     | Unknown command 'trian'",
        "evaluate                  | Missing required option: '--model FILE'",
        "predict --model m         | Missing required parameter: 'IMAGE'",
        "bench --seconds 0         | '--seconds': expected a number above 0, got '0'",
        "export --model m --output o --format pb | '--format': expected onnx or safetensors, got"
            + " 'pb'",
        "export --model m --format onnx   | Missing required option: '--output FILE'",
        "export --model m --output o --format safetensors --softmax | --softmax needs --format"
            + " onnx",
        "summary --lr 1            | Unknown option '--lr'",
        "summary model.safetensors | Unexpected argument 'model.safetensors'",
        "--debug evaluate          | 'evaluate' is a command: it must be the first word",
        "help trian                | Unknown subcommand 'trian'",
      })
  void namesWhatIsWrong(String args, String message) {
    assertThat(execute(args.split(" "))).isEqualTo(2);
    assertThat(err.toString()).startsWith("error: ").contains(message).contains("--help'.");
    assertThat(out.toString()).isEmpty();
  }

  @Test
  void suggestsWhatMayHaveBeenMeant() {
    assertThat(execute("train", "--epoch", "3")).isEqualTo(2);
    assertThat(err.toString()).contains("Possible solutions: --epochs");
  }
}
