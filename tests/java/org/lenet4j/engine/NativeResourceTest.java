package org.lenet4j.engine;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.lenet4j.CapturedLog;
import org.lenet4j.data.Dataset;

/** What happens to native memory, closed or forgotten. */
class NativeResourceTest {
  private static Engine open() {
    Engine engine = Engines.open(Device.cpu(), EngineConfig.CLASSIC, EngineOptions.DEFAULT);
    try (Dataset data = Examples.dataset(100, 10)) {
      engine.addDataset(data);
    }
    return engine;
  }

  @Test
  void whatIsOpenIsCounted() {
    try (CapturedLog log = new CapturedLog(NativeResource.class)) {
      try (Engine first = open()) {
        long one = Engines.nativeBytes();
        assertThat(one).isGreaterThan(100 * Dataset.PIXELS + 3 * 4 * 61_706);
        try (Engine second = open()) {
          assertThat(Engines.liveCount()).isEqualTo(2);
          assertThat(Engines.nativeBytes()).isEqualTo(2 * one);
          first.close();
          second.close();
          assertThat(Engines.liveCount()).isZero();
          assertThat(Engines.nativeBytes()).isZero();
        }
      }
      assertThat(Engines.liveCount()).isZero();
      assertThat(log.lines()).isEmpty();
    }
  }

  @Test
  void whatWasForgottenIsReportedAndFreed() throws InterruptedException {
    try (CapturedLog log = new CapturedLog(NativeResource.class)) {
      open();
      for (int i = 0; i < 500 && Engines.liveCount() > 0; i++) {
        System.gc();
        Thread.sleep(20);
      }
      assertThat(Engines.liveCount()).isZero();
      assertThat(Engines.nativeBytes()).isZero();
      assertThat(log.lines())
          .singleElement()
          .asString()
          .startsWith("WARNING an engine on cpu was never closed");
    }
  }
}
