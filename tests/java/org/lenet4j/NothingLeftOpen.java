package org.lenet4j;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.lenet4j.engine.Engines;

/** Holds for every test class: it closes its engines, and closing gives all memory back. */
public final class NothingLeftOpen implements AfterAllCallback {
  @Override
  public void afterAll(ExtensionContext context) {
    String name = context.getDisplayName();
    assertThat(Engines.liveCount()).as("engines that %s left open", name).isZero();
    assertThat(Engines.nativeBytes()).as("native bytes that %s left", name).isZero();
  }
}
