package org.lenet4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ProgressLineTest {
  private static final List<String> PARTS =
      List.of("epoch 10/10", "loss 0.465", "train acc 0.826", "178,656 examples/s", "ETA 0:05");

  @Test
  void showsEverythingOnATerminalOfEightyColumns() {
    assertThat(ProgressLine.line(PARTS, 0.5, 79))
        .isEqualTo(
            "epoch 10/10  loss 0.465  train acc 0.826  178,656 examples/s  ETA 0:05  [==   ]");
  }

  @ParameterizedTest
  @CsvSource({
    "60, 'epoch 10/10  loss 0.465  train acc 0.826  178,656 examples/s'",
    "59, epoch 10/10  loss 0.465  train acc 0.826",
    "30, epoch 10/10  loss 0.465",
    "11, epoch 10/10",
    "10, ''"
  })
  void leavesOutWhatDoesNotFit(int width, String line) {
    assertThat(ProgressLine.line(PARTS, 0.5, width)).isEqualTo(line);
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, 0.01, 0.5, 0.999, 1})
  void hasABarOfFixedLength(double share) {
    String line = ProgressLine.line(PARTS, share, 300);
    assertThat(line).endsWith("]").hasSize(104);
    assertThat(line.chars().filter(c -> c == '=').count()).isEqualTo((long) (share * 30));
  }
}
