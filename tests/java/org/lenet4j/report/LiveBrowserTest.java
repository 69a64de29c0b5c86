package org.lenet4j.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.lenet4j.data.Dataset;
import org.lenet4j.engine.Device;
import org.lenet4j.engine.Examples;
import org.lenet4j.training.LeNet;
import org.lenet4j.training.Trainer;
import org.lenet4j.training.Training;
import org.lenet4j.training.Training.Outcome;

/** The live page in a browser, over a training that goes on until its button is pressed. */
@Timeout(600)
class LiveBrowserTest {
  private static final Path SCREENSHOTS = Path.of("target", "screenshots");
  private static final String LABEL = "document.querySelector('.status').textContent";
  private static final String STATE = "document.getElementById('live-state').textContent";

  @Test
  void followsATrainingAndStopsIt(@TempDir Path directory) throws Exception {
    Files.createDirectories(SCREENSHOTS);
    Run run = new Run("run-1", "a test", "lenet4j train --live", Map.of());
    try (Browser browser = new Browser(Files.createDirectory(directory.resolve("profile")));
        Dataset train = Examples.bars(60, 3);
        Dataset test = Examples.bars(30, 3);
        LeNet net = LeNet.builder().device(Device.java()).classes(3).build();
        LivePage page = LivePage.open(0, run, List.of(), List.of())) {
      browser.open(page.address());
      browser.await(STATE + " === 'Live.'");
      Thread pressing = new Thread(() -> watchAndStop(browser, page));
      pressing.start();
      Training training =
          Trainer.classic()
              .epochs(1_000_000)
              .batchSize(4)
              .onProgress(page)
              .stopWhen(page::stopRequested)
              .fit(net, train, test);
      assertThat(training.outcome()).isEqualTo(Outcome.STOPPED);
      pressing.join();
      page.finish(Report.of(run, net, test, training), "The training was stopped.");
      browser.await(STATE + " === 'The training was stopped.'");
      assertThat(browser.evaluate(LABEL))
          .isEqualTo("Stopped in epoch %d".formatted(training.history().size() + 1));
      assertThat(browser.evaluate("document.querySelectorAll('.confusion tbody tr').length"))
          .isEqualTo(3L);
      assertThat(browser.evaluate("document.querySelector('#progress details').open"))
          .as("what the visitor opened stays open")
          .isEqualTo(true);
      assertThat(browser.evaluate("document.getElementById('stop').hidden")).isEqualTo(true);
      assertThat(browser.errors()).isEmpty();
      browser.screen(1280, 800, false);

      browser.screenshot(SCREENSHOTS.resolve("live-end.png"));
    }
  }

  private static void watchAndStop(Browser browser, LivePage page) {
    browser.evaluate("document.querySelector('#progress summary').click()");
    browser.await(LABEL + ".startsWith('Epoch ')");
    String before = (String) browser.evaluate(LABEL);
    browser.await(LABEL + " !== '" + before + "'");
    browser.await("document.querySelectorAll('.dot.test').length > 1");
    browser.screen(1280, 800, false);
    browser.screenshot(SCREENSHOTS.resolve("live.png"));
    assertThat(page.stopRequested()).isFalse();
    browser.evaluate("document.querySelector('#stop button').click()");
    browser.await("document.querySelector('#stop button').disabled");
  }
}
