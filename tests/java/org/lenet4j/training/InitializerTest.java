package org.lenet4j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lenet4j.engine.ParameterLayout;

class InitializerTest {
  private static final ParameterLayout TEN = ParameterLayout.of(10);

  /** First and last value of every tensor for seed 42, from the formula in Python. */
  @ParameterizedTest
  @CsvSource({
    "conv1.weight, 3dc1b1eb, 3d2eb6f3",
    "conv1.bias,   3e218963, bd3243f3",
    "conv2.weight, bdaa9d7c, 3db7882c",
    "conv2.bias,   bc97c8cf, 3c97ea87",
    "fc1.weight,   3d543a03, bd902a1a",
    "fc1.bias,     3c4e7b60, bd3f5aa5",
    "fc2.weight,   3db2b447, 3d63935b",
    "fc2.bias,     bd5d3220, bd7a5e07",
    "fc3.weight,   bd9c9bba, 3e63d919",
    "fc3.bias,     3c13afff, bd87234a",
  })
  void hasGoldenBits(String name, String first, String last) {
    float[] arena = Initializer.XAVIER.parameters(TEN, 42);
    ParameterLayout.Tensor tensor = TEN.tensor(name);
    assertThat(hex(arena[tensor.offset()])).isEqualTo(first);
    assertThat(hex(arena[tensor.offset() + tensor.length() - 1])).isEqualTo(last);
  }

  @Test
  void fillsItsBounds() {
    float[] arena = Initializer.XAVIER.parameters(TEN, 1);
    assertThat(arena).hasSize(61_706);
    for (ParameterLayout.Tensor tensor : TEN.tensors()) {
      double bound =
          tensor.isWeight()
              ? Math.sqrt(6.0 / (tensor.fanIn() + tensor.fanOut()))
              : Math.sqrt(1.0 / tensor.fanIn());
      double largest = 0;
      for (int i = tensor.offset(); i < tensor.offset() + tensor.length(); i++) {
        largest = Math.max(largest, Math.abs(arena[i]));
      }
      assertThat(largest).as(tensor.name()).isBetween(0.5 * bound, bound);
    }
  }

  @Test
  void dependsOnTheSeed() {
    float[] seven = Initializer.XAVIER.parameters(TEN, 7);
    assertThat(Initializer.XAVIER.parameters(TEN, 7)).isEqualTo(seven);
    assertThat(Initializer.XAVIER.parameters(TEN, 8)).isNotEqualTo(seven);
  }

  private static String hex(float value) {
    return Integer.toHexString(Float.floatToRawIntBits(value));
  }

  @Test
  void heLooksAtTheInputsOnlyAndZeroesBiases() {
    float[] arena = Initializer.HE.parameters(TEN, 1);
    float[] xavier = Initializer.XAVIER.parameters(TEN, 1);
    for (ParameterLayout.Tensor tensor : TEN.tensors()) {
      double ratio =
          tensor.isWeight() ? Math.sqrt(1 + (double) tensor.fanOut() / tensor.fanIn()) : 0;
      for (int i = tensor.offset(); i < tensor.offset() + tensor.length(); i++) {
        assertThat(arena[i]).isCloseTo((float) (xavier[i] * ratio), within(1e-6f));
      }
    }
  }
}
