package org.lenet4j.training;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.lenet4j.data.Dataset;
import org.lenet4j.data.FashionMnist;
import org.lenet4j.engine.Device;

/** The chapter's training on the real 60,000 images, as a user runs it. */
class ClassicTrainingTest {
  @Test
  void reachesTheChaptersFigures() {
    FashionMnist.Options options = FashionMnist.Options.defaults().withOffline(true);
    try (Dataset train = FashionMnist.train(options);
        Dataset test = FashionMnist.test(options);
        LeNet net = LeNet.builder().device(Device.cpu()).seed(0).build()) {
      Training run = Trainer.classic().fit(net, train, test);

      Epoch first = run.history().get(0);
      assertThat(first.loss()).as("the first epoch learns next to nothing").isBetween(2.2, 2.4);
      assertThat(run.history()).hasSize(10);
      assertThat(run.last().loss()).isBetween(0.44, 0.50);
      assertThat(run.last().trainAccuracy()).isGreaterThan(0.81);
      // Single runs of the chapter's recipe scatter widely on the test set.
      assertThat(run.last().testAccuracy()).isGreaterThan(0.70);
    }
  }
}
