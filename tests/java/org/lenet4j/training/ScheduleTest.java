package org.lenet4j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class ScheduleTest {
  private static void assertFactor(Schedule schedule, double epoch, double expected) {
    assertThat(schedule.factor(epoch, 10)).isCloseTo(expected, within(1e-12));
  }

  @Test
  void constantStays() {
    assertFactor(Schedule.constant(), 0, 1);
    assertFactor(Schedule.constant(), 9.9, 1);
  }

  @Test
  void stepDropsAfterEachStepSize() {
    Schedule step = Schedule.step(3, 0.1);
    assertFactor(step, 2.999, 1);
    assertFactor(step, 3, 0.1);
    assertFactor(step, 9.5, 0.001);
  }

  /** PyTorch's CosineAnnealingLR(T_max=10) at epochs 0, 1, 5, 9 and 10. */
  @Test
  void cosineFallsToZero() {
    Schedule cosine = Schedule.cosine();
    assertFactor(cosine, 0, 1);
    assertFactor(cosine, 1, 0.9755282581475768);
    assertFactor(cosine, 5, 0.5);
    assertFactor(cosine, 9, 0.02447174185242318);
    assertFactor(cosine, 10, 0);
  }

  @Test
  void oneCycleRisesAndFalls() {
    Schedule cycle = Schedule.oneCycle();
    assertFactor(cycle, 0, 0.04);
    assertFactor(cycle, 1.5, 0.52);
    assertFactor(cycle, 3, 1);
    assertFactor(cycle, 6.5, (1 + 4e-6) / 2);
    assertFactor(cycle, 10, 4e-6);
    assertFactor(Schedule.oneCycle(0.5), 5, 1);
  }

  @Test
  void warmupGoesBeforeWhateverFollows() {
    Schedule warm = Schedule.cosine().warmup(2);
    assertFactor(warm, 0, 0);
    assertFactor(warm, 1, 0.5);
    assertFactor(warm, 2, 1);
    assertFactor(warm, 6, 0.5);
    assertFactor(warm, 10, 0);
    assertFactor(Schedule.step(3, 0.1).warmup(2), 4.9, 1);
    assertFactor(Schedule.step(3, 0.1).warmup(2), 5, 0.1);
  }

  @Test
  void refusesWhatMakesNoSense() {
    for (double wrong : new double[] {0, -1, Double.NaN}) {
      assertThatThrownBy(() -> Schedule.step(wrong, 0.1)).hasMessageContaining("stepSize");
      assertThatThrownBy(() -> Schedule.step(1, wrong)).hasMessageContaining("gamma");
      assertThatThrownBy(() -> Schedule.oneCycle(wrong)).hasMessageContaining("peak");
      assertThatThrownBy(() -> Schedule.cosine().warmup(wrong)).hasMessageContaining("length");
    }
  }
}
