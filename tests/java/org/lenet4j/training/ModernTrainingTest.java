package org.lenet4j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.function.IntUnaryOperator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.lenet4j.data.Dataset;
import org.lenet4j.data.FashionMnist;
import org.lenet4j.engine.Device;

/**
 * The modern recipe on a tenth of the real images, and the same without its random flips and
 * shifts. All shoes of Fashion-MNIST point to the left, so only who saw mirrored ones knows a shoe
 * that points to the right.
 */
class ModernTrainingTest {
  private static Dataset train;
  private static Dataset test;
  private static LeNet modern;
  private static LeNet unvaried;

  @BeforeAll
  static void trainBoth() {
    FashionMnist.Options options = FashionMnist.Options.defaults().withOffline(true);
    try (Dataset all = FashionMnist.train(options)) {
      train = all.take(6000);
    }
    test = FashionMnist.test(options);
    Trainer trainer = Recipe.MODERN.trainer().epochs(8);
    modern = trained(trainer);
    unvaried = trained(trainer.randomFlip(false).randomShift(0));
  }

  private static LeNet trained(Trainer trainer) {
    LeNet net = Recipe.MODERN.network(train).device(Device.cpu()).build();
    trainer.fit(net, train, test);
    return net;
  }

  @AfterAll
  static void close() {
    modern.close();
    unvaried.close();
    train.close();
    test.close();
  }

  @Test
  void learnsFromFewImages() {
    assertThat(modern.evaluate(test).accuracy()).isGreaterThan(0.83);
  }

  @Test
  void knowsMirroredImages() {
    double plain = modern.evaluate(test).accuracy();
    assertThat(onMoved(modern, x -> 27 - x)).isCloseTo(plain, within(0.02));
    assertThat(onMoved(unvaried, x -> 27 - x)).isLessThan(plain - 0.1);
  }

  @Test
  void knowsShiftedImagesBetter() {
    double lost = modern.evaluate(test).accuracy() - onMoved(modern, x -> x - 2);
    double unvariedLost = unvaried.evaluate(test).accuracy() - onMoved(unvaried, x -> x - 2);
    assertThat(lost).isLessThan(unvariedLost - 0.05);
  }

  @Test
  void seesInputOfMeanZeroAndDeviationOne() {
    double sum = 0;
    double squares = 0;
    for (int i = 0; i < train.size(); i++) {
      for (byte pixel : train.image(i)) {
        double input =
            (pixel & 0xff) * modern.config().inputScale() + modern.config().inputOffset();
        sum += input;
        squares += input * input;
      }
    }
    double pixels = (double) train.size() * Dataset.PIXELS;
    assertThat(sum / pixels).isCloseTo(0, within(1e-5));
    assertThat(squares / pixels).isCloseTo(1, within(1e-5));
  }

  /** Accuracy on the test images whose column x is another one; black where there is none. */
  private static double onMoved(LeNet net, IntUnaryOperator column) {
    byte[] pixels = new byte[test.size() * Dataset.PIXELS];
    int[] labels = new int[test.size()];
    for (int i = 0; i < test.size(); i++) {
      byte[] image = test.image(i);
      for (int p = 0; p < image.length; p++) {
        int x = column.applyAsInt(p % Dataset.WIDTH);
        if (x >= 0 && x < Dataset.WIDTH) {
          pixels[i * Dataset.PIXELS + p] = image[p - p % Dataset.WIDTH + x];
        }
      }
      labels[i] = test.label(i);
    }
    try (Dataset moved = Dataset.of(pixels, labels)) {
      return net.evaluate(moved).accuracy();
    }
  }
}
