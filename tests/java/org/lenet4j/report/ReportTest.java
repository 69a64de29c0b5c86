package org.lenet4j.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lenet4j.data.Dataset;
import org.lenet4j.engine.Device;
import org.lenet4j.engine.Examples;
import org.lenet4j.engine.Layer;
import org.lenet4j.training.ConfusionMatrix;
import org.lenet4j.training.CurvePoint;
import org.lenet4j.training.LeNet;
import org.lenet4j.training.Mistake;
import org.lenet4j.training.Trainer;
import org.lenet4j.training.Training;
import org.lenet4j.training.Training.Outcome;

class ReportTest {
  private static final String HOSTILE = "<script>alert('x')</script>\" & {{title}} $1 \u0001";
  private static final List<String> LABELS = List.of("Coat", HOSTILE, "Pullover");

  @TempDir private static Path directory;

  private static String html;
  private static PageReader page;
  private static Training training;
  private static ConfusionMatrix confusion;
  private static List<Mistake> mistakes;
  private static byte[] firstImage;
  private static float[] firstActivation;

  @BeforeAll
  static void writeOne() throws IOException {
    try (Dataset train = Examples.bars(30, 3);
        Dataset test = Examples.bars(31, 3);
        LeNet net =
            LeNet.builder().device(Device.java()).classes(3).labels(LABELS).seed(1).build()) {
      // So little that mistakes are left.
      training =
          Trainer.classic().epochs(2).batchSize(8).validationSplit(0.2).fit(net, train, test);
      Run run =
          new Run(
              "run-<1>", "on " + HOSTILE, "lenet4j train --data 'a b'", Map.of("seed", HOSTILE));
      Path file = directory.resolve("report.html");
      Report.of(run, net, test, training).write(file);
      html = Files.readString(file);
      confusion = net.evaluate(test).confusion();
      mistakes = Mistake.mostConfident(net, test, 100);
      firstImage = test.image(0);
      firstActivation = net.output(Layer.CONV1_ACTIVATION, firstImage);
    }
    page = new PageReader(html);
  }

  @Test
  void showsATrainingThatWasStoppedInItsFirstEpoch() throws IOException {
    Path file = directory.resolve("stopped.html");
    try (Dataset train = Examples.bars(30, 3);
        Dataset test = Examples.bars(31, 3);
        LeNet net = LeNet.builder().device(Device.java()).classes(3).build()) {
      AtomicInteger steps = new AtomicInteger();
      Training stopped =
          Trainer.classic()
              .batchSize(8)
              .stopWhen(() -> steps.getAndIncrement() == 2)
              .fit(net, train, test);
      Report.of(new Run("run-1", "", "", Map.of()), net, test, stopped).write(file);
      PageReader stoppedPage = new PageReader(Files.readString(file));
      assertThat(stoppedPage.texts("//div[@class='status']")).containsExactly("Stopped in epoch 1");
      assertThat(stoppedPage.texts("//dl[@class='facts']/div/dt")).containsExactly("test accuracy");
      assertThat(stoppedPage.texts("//dl[@class='facts']/div/dd/text()"))
          .containsExactly(
              String.format(Locale.ROOT, "%.3f", net.evaluate(test).confusion().accuracy()));
    }
  }

  @Test
  void plotsATrainingThatWasStoppedWithinAnEpochAsFarAsItCame() throws IOException {
    Path file = directory.resolve("curves.svg");
    List<CurvePoint> curve =
        Stream.of(0.5, 1.0, 1.5).map(epoch -> new CurvePoint(epoch, 2, 0.5)).toList();
    Curves.write(
        file, new Training(training.history().subList(0, 1), curve, Outcome.STOPPED), "stopped");
    PageReader plot = new PageReader(Files.readString(file));
    assertThat(plot.texts("//*[@class='line loss']/@d").get(1))
        .as("half of 1.5 epochs at a quarter of the axis, the end at three")
        .matches("M136\\.5 .*L317\\.5 .*");
    assertThat(plot.texts("//*[@class='line test']/@d").get(1)).as("a dot").endsWith("h0");
  }

  @Test
  void isOneFileThatNeedsNothingElse() {
    assertThat(page.texts("//@src | //@href"))
        .isNotEmpty()
        .allSatisfy(address -> assertThat(address).startsWith("data:"));
    assertThat(html).doesNotContain("url(", "@import", "http:", "https:");
    assertThat(page.count("//script | //iframe | //object | //link[@rel='stylesheet']")).isZero();
    assertThat(page.texts("//meta[@http-equiv='Content-Security-Policy']/@content"))
        .singleElement()
        .asString()
        .startsWith("default-src 'none'; img-src data:;");
  }

  @Test
  void escapesWhateverComesFromOutside() {
    String shown = HOSTILE.replace('\u0001', '\ufffd');
    assertThat(html).doesNotContain("<script", "alert('x')");
    assertThat(page.texts("//h1")).containsExactly("LeNet: run-<1>");
    assertThat(page.texts("//header/p")).containsExactly("on " + shown);
    assertThat(page.texts("//table[@class='plain']/tbody/tr/td")).containsExactly(shown);
    assertThat(page.texts("//table[@class='confusion']/tbody/tr/th"))
        .containsExactly("Coat", shown, "Pullover");
  }

  @Test
  void showsTheFiguresOfTheTraining() {
    ConfusionMatrix.Interval interval = confusion.accuracyInterval();
    assertThat(page.texts("//dl/div[dt='test accuracy']/dd"))
        .containsExactly(
            "%.3f95 %% CI %.3f to %.3f"
                .formatted(training.last().testAccuracy(), interval.low(), interval.high()));
    assertThat(page.texts("//dl/div[dt='train loss']/dd"))
        .containsExactly("%.3fepoch 2".formatted(training.last().loss()));
    assertThat(page.texts("//div[@class='status']")).containsExactly("Finished after 2 epochs");
    assertThat(page.texts("//section[@aria-labelledby='curves']//tbody/tr/td[4]"))
        .containsExactly(
            "%.3f".formatted(training.history().get(0).validationAccuracy()),
            "%.3f".formatted(training.history().get(1).validationAccuracy()));
    assertThat(page.texts("//code")).containsExactly("lenet4j train --data 'a b'");
  }

  @Test
  void drawsEveryCurvePoint() {
    List<String> labels = page.texts("//*[local-name()='svg']/@aria-label");
    assertThat(labels).hasSize(2);
    assertThat(labels.get(0))
        .isEqualTo(
            "Train loss: train loss from %.3f to %.3f at epoch 2.000"
                .formatted(
                    training.curve().get(0).loss(),
                    training.curve().get(training.curve().size() - 1).loss()));
    assertThat(labels.get(1)).contains("train acc from", "test acc from", "validation from");
    String loss = page.texts("//*[@class='line loss']/@d").get(1);
    assertThat(loss.split("L")).hasSize(training.curve().size());
    assertThat(page.count("//*[@class='dot test']")).isEqualTo(2);
  }

  @Test
  void showsTheConfusionMatrixAndEachClass() {
    for (int actual = 0; actual < 3; actual++) {
      String row = "//table[@class='confusion']/tbody/tr[%d]/td".formatted(actual + 1);
      assertThat(page.texts(row))
          .containsExactly(
              "" + confusion.count(actual, 0),
              "" + confusion.count(actual, 1),
              "" + confusion.count(actual, 2));
      String figures =
          "//div[@aria-label='Figures of each class']//tbody/tr[%d]/td".formatted(actual + 1);
      assertThat(page.texts(figures))
          .containsExactly(
              share(confusion.precision(actual)),
              share(confusion.recall(actual)),
              share(confusion.f1(actual)),
              "" + confusion.support(actual));
    }
  }

  private static String share(double value) {
    return Double.isNaN(value) ? "-" : "%.3f".formatted(value);
  }

  @Test
  void showsTheMostConfidentMistakes() {
    assertThat(mistakes).hasSize((int) (confusion.total() - confusion.correct()));
    assertThat(mistakes)
        .isSortedAccordingTo((a, b) -> Float.compare(b.probability(), a.probability()));
    assertThat(mistakes).as("the test needs some").isNotEmpty();
    List<String> captions = page.texts("//ul[@class='pictures']//figcaption");
    assertThat(captions).hasSize(Math.min(18, mistakes.size()));
    Mistake first = mistakes.get(0);
    assertThat(captions.get(0))
        .startsWith(label(first.predicted()))
        .contains("%.1f\u00a0%%".formatted(100 * first.probability()))
        .endsWith("is: " + label(first.label()));
    assertThat(page.texts("//ul[@class='pictures']//img/@alt").get(0))
        .isEqualTo("Test image %d: %s".formatted(first.index(), label(first.label())));
  }

  private static String label(int c) {
    return LABELS.get(c).replace('\u0001', '\ufffd');
  }

  @Test
  void showsWhatIsInsideTheNetwork() throws IOException {
    assertThat(page.count("//div[contains(@aria-label, 'filters')]/img")).isEqualTo(6);
    assertThat(page.texts("//div[@class='network']/figure/figcaption[1]"))
        .containsExactly("Coat, test image 0", "Pullover, test image 2");
    assertThat(page.count("//div[@class='network']/figure[1]/div[@class='maps']/img")).isEqualTo(6);
    assertThat(page.count("//div[@class='network']/figure[1]/div[@class='maps small']/img"))
        .isEqualTo(16);
    BufferedImage image =
        decode(page.texts("//div[@class='network']/figure[1]/div[@class='maps large']/img/@src"));
    for (int p = 0; p < firstImage.length; p++) {
      assertThat(image.getRGB(p % 28, p / 28) & 255).isEqualTo(firstImage[p] & 255);
    }
    BufferedImage map =
        decode(page.texts("//div[@class='network']/figure[1]/div[@class='maps']/img[1]/@src"));
    float least = Float.POSITIVE_INFINITY;
    float largest = Float.NEGATIVE_INFINITY;
    for (float value : firstActivation) { // Of all six maps.
      least = Math.min(least, value);
      largest = Math.max(largest, value);
    }
    for (int p = 0; p < 28 * 28; p++) {
      int expected = Math.round((firstActivation[p] - least) / (largest - least) * 255);
      assertThat(map.getRGB(p % 28, p / 28) & 255).as("pixel %d", p).isCloseTo(expected, within(1));
    }
    assertThat(page.texts("//div[@aria-label='Layers']//tfoot//td[1]")).containsExactly("61,111");
  }

  private static BufferedImage decode(List<String> sources) throws IOException {
    String base64 = sources.get(0).substring("data:image/png;base64,".length());
    return ImageIO.read(new ByteArrayInputStream(Base64.getDecoder().decode(base64)));
  }

  @Test
  void canBeReadByEverybody() {
    assertThat(page.texts("/html/@lang")).containsExactly("en");
    assertThat(page.count("//meta[@name='viewport']")).isEqualTo(1);
    assertThat(page.count("//img[not(@alt)]")).isZero();
    assertThat(page.count("//img[@alt='' and not(ancestor::*[@role='img'])]")).isZero();
    assertThat(page.count("//*[@role='img'][not(@aria-label)]")).isZero();
    assertThat(page.count("//th[not(@scope)]")).isZero();
    assertThat(page.count("//table[not(ancestor::*[@role='region'][@tabindex='0'][@aria-label])]"))
        .as("tables that a keyboard cannot scroll")
        .isZero();
    assertThat(page.texts("//@id")).doesNotHaveDuplicates();
    assertThat(page.texts("//@id")).containsAll(page.texts("//@aria-labelledby"));
    assertThat(page.count("//h1")).isEqualTo(1);
  }

  @Test
  void leavesOutAMatrixThatNobodyCanRead() throws IOException {
    Path file = directory.resolve("wide.html");
    try (Dataset test = Examples.bars(4, 2);
        LeNet net = LeNet.builder().device(Device.java()).classes(300).build()) {
      Training none = Trainer.classic().epochs(1).fit(net, test, test);
      Report.of(new Run("wide", "", "", Map.of()), net, test, none).write(file);
    }
    PageReader wide = new PageReader(Files.readString(file));
    assertThat(wide.count("//table[@class='confusion']")).isZero();
    assertThat(wide.count("//div[@aria-label='Figures of each class']//tbody/tr")).isEqualTo(300);
  }
}
