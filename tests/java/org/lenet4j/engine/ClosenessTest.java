package org.lenet4j.engine;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ClosenessTest {
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2})
  void aNanIsFoundWhereverItIs(int index) {
    float[] right = {1, 1, 1};
    float[] wrong = right.clone();
    wrong[index] = Float.NaN;
    Closeness.check("the same", right, right, 1);
    assertThatThrownBy(() -> Closeness.check("wrong", wrong, right, 1))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("largest error NaN at [%d]", index);
    assertThatThrownBy(() -> Closeness.check("wrong", right, wrong, 1))
        .isInstanceOf(AssertionError.class);
  }
}
