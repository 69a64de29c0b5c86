package org.lenet4j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ConfusionMatrixTest {
  /** Nobody takes anything for class 3, and there is no example of class 2. */
  private static final ConfusionMatrix MATRIX =
      ConfusionMatrix.of(4, new int[] {0, 0, 0, 1, 1, 3}, new int[] {0, 0, 1, 1, 2, 0});

  @Test
  void countsByTrueAndPredictedClass() {
    assertThat(MATRIX.classes()).isEqualTo(4);
    assertThat(row(0)).containsExactly(2, 1, 0, 0);
    assertThat(row(1)).containsExactly(0, 1, 1, 0);
    assertThat(row(2)).containsExactly(0, 0, 0, 0);
    assertThat(row(3)).containsExactly(1, 0, 0, 0);
    assertThat(MATRIX.total()).isEqualTo(6);
    assertThat(MATRIX.correct()).isEqualTo(3);
    assertThat(MATRIX.support(0)).isEqualTo(3);
    assertThat(MATRIX.predicted(1)).isEqualTo(2);
  }

  private static long[] row(int trueClass) {
    return IntStream.range(0, 4).mapToLong(c -> MATRIX.count(trueClass, c)).toArray();
  }

  @Test
  void measuresEachClass() {
    assertThat(MATRIX.precision(0)).isEqualTo(2 / 3.0);
    assertThat(MATRIX.recall(0)).isEqualTo(2 / 3.0);
    assertThat(MATRIX.f1(0)).isEqualTo(2 / 3.0);
    assertThat(MATRIX.precision(1)).isEqualTo(0.5);
    assertThat(MATRIX.recall(1)).isEqualTo(0.5);
    assertThat(MATRIX.precision(2)).isZero();
    assertThat(MATRIX.recall(2)).isNaN();
    assertThat(MATRIX.f1(2)).isZero();
    assertThat(MATRIX.precision(3)).isNaN();
    assertThat(MATRIX.recall(3)).isZero();
    assertThat(MATRIX.f1(3)).isZero();
    assertThat(ConfusionMatrix.of(2, new int[1], new int[1]).f1(1)).isNaN();
  }

  /** The expected ends are scipy's: binomtest(8070, 10000).proportion_ci(method="wilson"), ... */
  @Test
  void givesTheAccuracyWithItsUncertainty() {
    ConfusionMatrix large = correct(8070, 10_000);
    assertThat(large.accuracy()).isEqualTo(0.807);
    assertThat(large.standardError()).isCloseTo(0.0039465, within(1e-7));
    assertThat(large.accuracyInterval().low()).isCloseTo(0.7991476, within(1e-7));
    assertThat(large.accuracyInterval().high()).isCloseTo(0.8146166, within(1e-7));
    ConfusionMatrix perfect = correct(10, 10);
    assertThat(perfect.standardError()).isZero();
    assertThat(perfect.accuracyInterval().low()).isCloseTo(0.7224672, within(1e-7));
    assertThat(perfect.accuracyInterval().high()).isCloseTo(1, within(1e-12));
    assertThat(correct(0, 3).accuracyInterval().low()).isBetween(0.0, 1e-12);
  }

  private static ConfusionMatrix correct(int correct, int total) {
    int[] predictions = new int[total];
    Arrays.fill(predictions, correct, total, 1);
    return ConfusionMatrix.of(2, new int[total], predictions);
  }

  @Test
  void refusesWhatItCannotCount() {
    assertThatThrownBy(() -> ConfusionMatrix.of(2, new int[2], new int[3]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("expected as many predictions as labels and at least one, got 3 and 2");
    assertThatThrownBy(() -> ConfusionMatrix.of(2, new int[0], new int[0]))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> ConfusionMatrix.of(2, new int[] {0, 2}, new int[2]))
        .hasMessage("label 1 is 2, expected 0 to 1");
    assertThatThrownBy(() -> ConfusionMatrix.of(2, new int[1], new int[] {-1}))
        .hasMessage("prediction 0 is -1, expected 0 to 1");
    assertThatThrownBy(() -> MATRIX.count(0, 4)).isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> MATRIX.support(-1)).isInstanceOf(IndexOutOfBoundsException.class);
  }
}
