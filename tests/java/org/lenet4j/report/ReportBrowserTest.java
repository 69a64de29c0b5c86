package org.lenet4j.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lenet4j.data.Dataset;
import org.lenet4j.data.FashionMnist;
import org.lenet4j.engine.Device;
import org.lenet4j.engine.Examples;
import org.lenet4j.training.LeNet;
import org.lenet4j.training.Trainer;
import org.lenet4j.training.Training;

/** The report as a browser shows it; the pictures of it stay in target/screenshots. */
class ReportBrowserTest {
  private static final Path SCREENSHOTS = Path.of("target", "screenshots");

  /** Texts whose contrast to what lies behind them is below WCAG's 4.5 to 1. */
  private static final String PALE_TEXTS =
      """
      (() => {
        const channels = color => color.match(/[\\d.]+/g).map(Number);
        const over = (top, below) => {
          const alpha = top.length > 3 ? top[3] : 1;
          return [0, 1, 2].map(i => top[i] * alpha + below[i] * (1 - alpha));
        };
        const behind = element => element === null ? [255, 255, 255]
            : over(channels(getComputedStyle(element).backgroundColor), behind(element.parentElement));
        const luminance = color => color
            .map(value => value / 255)
            .map(value => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4)
            .reduce((sum, value, i) => sum + value * [0.2126, 0.7152, 0.0722][i], 0);
        const contrast = element => {
          const style = getComputedStyle(element);
          const text = element.closest('svg') ? style.fill : style.color;
          const lights = [over(channels(text), behind(element)), behind(element)].map(luminance);
          return (Math.max(...lights) + 0.05) / (Math.min(...lights) + 0.05);
        };
        return [...document.body.querySelectorAll('*')]
            .filter(element => [...element.childNodes].some(
                node => node.nodeType === Node.TEXT_NODE && node.data.trim() !== ''))
            .filter(element => contrast(element) < 4.5)
            .map(element => element.outerHTML);
      })()""";

  /** Texts of the charts, which shrink with the page, that end up below 10.5 pixels. */
  private static final String TINY_TEXTS =
      """
      [...document.querySelectorAll('svg text')]
          .filter(text => parseFloat(getComputedStyle(text).fontSize) * text.getScreenCTM().a < 10.5)
          .map(text => text.outerHTML)""";

  @TempDir private static Path directory;

  private static Browser browser;

  @BeforeAll
  static void open() throws Exception {
    browser = new Browser(Files.createDirectory(directory.resolve("profile")));
    Files.createDirectories(SCREENSHOTS);
    Path file = directory.resolve("report.html");
    try (Dataset train = Examples.bars(300, 10);
        Dataset test = Examples.bars(200, 10);
        LeNet net = LeNet.builder().device(Device.java()).labels(FashionMnist.labels()).build()) {
      Training training =
          Trainer.classic().epochs(3).batchSize(8).validationSplit(0.1).fit(net, train, test);
      Run run =
          new Run(
              "run-1",
              "on a machine of the tests",
              "lenet4j train --data " + "a/very/long/path".repeat(20),
              Map.of("data directory", "/a/very/long/path".repeat(20)));
      Report.of(run, net, test, training).write(file);
    }
    browser.open(file.toUri());
  }

  @AfterAll
  static void close() {
    if (browser != null) {
      browser.close();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "desktop,      1280, false",
    "desktop-dark, 1280, true",
    "phone,         390, false",
    "phone-dark,    390, true",
    "phone-small,   320, false"
  })
  void isReadableOnEveryScreen(String name, int width, boolean dark) {
    browser.screen(width, 800, dark);
    assertThat(browser.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))
        .as("nothing sticks out")
        .isEqualTo(true);
    assertThat((List<?>) browser.evaluate(PALE_TEXTS)).isEmpty();
    assertThat((List<?>) browser.evaluate(TINY_TEXTS)).isEmpty();
    assertThat(
            (List<?>)
                browser.evaluate(
                    "[...document.images].filter(i => i.naturalWidth === 0).map(i => i.outerHTML)"))
        .as("pictures that do not show")
        .isEmpty();
    long height = ((Number) browser.evaluate("document.documentElement.scrollHeight")).longValue();
    browser.screen(width, (int) height, dark);
    browser.screenshot(SCREENSHOTS.resolve("report-" + name + ".png"));
    assertThat(browser.errors()).isEmpty();
  }

  @Test
  void followsTheDarkMode() {
    String background = "getComputedStyle(document.body).backgroundColor";
    browser.screen(1280, 800, false);
    assertThat(browser.evaluate(background)).isEqualTo("rgb(255, 255, 255)");
    browser.screen(1280, 800, true);
    assertThat(browser.evaluate(background)).isEqualTo("rgb(15, 19, 24)");
  }

  @Test
  void canBeUsedByKeyboard() {
    browser.screen(1280, 800, false);
    browser.evaluate("document.activeElement.blur()");
    browser.press("Tab");
    assertThat(browser.evaluate("document.activeElement.textContent"))
        .isEqualTo("Every epoch as a table");
    assertThat(browser.evaluate("getComputedStyle(document.activeElement).outlineStyle"))
        .isEqualTo("solid");
    browser.evaluate("document.activeElement.click()");
    assertThat(browser.evaluate("document.querySelector('details').open")).isEqualTo(true);
    browser.press("Tab");
    assertThat(browser.evaluate("document.activeElement.getAttribute('aria-label')"))
        .isEqualTo("Every epoch");
  }
}
