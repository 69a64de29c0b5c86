package org.lenet4j.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.IntBuffer;
import java.nio.ReadOnlyBufferException;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.lenet4j.LeNetException;

class DatasetTest {
  private static final byte[] PIXELS = IdxFiles.pixels(3);

  private static Dataset three() {
    return Dataset.of(PIXELS, new int[] {2, 0, 6});
  }

  @Test
  void holdsWhatItWasGiven() {
    try (Dataset data = three()) {
      assertThat(data.size()).isEqualTo(3);
      assertThat(data.classes()).isEqualTo(7);
      assertThat(List.of(data.label(0), data.label(1), data.label(2))).containsExactly(2, 0, 6);
      for (int i = 0; i < 3; i++) {
        assertThat(data.image(i)).isEqualTo(Arrays.copyOfRange(PIXELS, i * 784, (i + 1) * 784));
      }
      assertThat(data).hasToString("Dataset[3 images of 28x28, 7 classes]");
    }
  }

  @Test
  void copiesItsInput() {
    byte[] pixels = PIXELS.clone();
    int[] labels = {2, 0, 6};
    try (Dataset data = Dataset.of(pixels, labels)) {
      Arrays.fill(pixels, (byte) 0);
      Arrays.fill(labels, 5);
      data.image(1)[0]++;
      assertThat(data.image(1)).isEqualTo(Arrays.copyOfRange(PIXELS, 784, 1568));
      assertThat(data.label(1)).isZero();
    }
  }

  @Test
  void viewsAreDirectReadOnlyAndIndependent() {
    try (Dataset data = three()) {
      ByteBuffer pixels = data.pixels();
      IntBuffer labels = data.labels();
      assertThat(pixels.isDirect()).isTrue();
      assertThat(labels.isDirect()).isTrue();
      assertThat(labels.order()).isEqualTo(ByteOrder.nativeOrder());
      assertThatExceptionOfType(ReadOnlyBufferException.class)
          .isThrownBy(() -> pixels.put(0, (byte) 1));
      assertThatExceptionOfType(ReadOnlyBufferException.class).isThrownBy(() -> labels.put(0, 1));
      pixels.position(100).limit(200);
      labels.position(1);
      assertThat(data.pixels()).isEqualTo(ByteBuffer.wrap(PIXELS));
      assertThat(data.labels()).isEqualTo(IntBuffer.wrap(new int[] {2, 0, 6}));
    }
  }

  @Test
  void takeSharesTheFirstExamples() {
    Dataset data = three();
    Dataset two = data.take(2);
    assertThat(two.size()).isEqualTo(2);
    assertThat(two.classes()).as("the number of the whole").isEqualTo(7);
    assertThat(two.pixels()).isEqualTo(ByteBuffer.wrap(PIXELS, 0, 2 * 784));
    assertThat(two.labels()).isEqualTo(IntBuffer.wrap(new int[] {2, 0}));
    assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> two.image(2));
    assertThat(two.take(9).size()).isEqualTo(2);
    data.close();
    assertThat(two.image(1)).isEqualTo(Arrays.copyOfRange(PIXELS, 784, 1568));
    two.close();
  }

  @Test
  void selectCopiesTheExamplesAskedFor() {
    byte[] pixels = new byte[3 * 784];
    Arrays.fill(pixels, 784, 1568, (byte) 1);
    Arrays.fill(pixels, 1568, 2352, (byte) 2);
    Dataset data = Dataset.of(pixels, new int[] {5, 6, 9});
    try (Dataset selected = data.select(new int[] {2, 0, 2})) {
      data.close();
      assertThat(selected.size()).isEqualTo(3);
      assertThat(selected.classes()).isEqualTo(10);
      assertThat(selected.label(0)).isEqualTo(9);
      assertThat(selected.label(1)).isEqualTo(5);
      assertThat(selected.image(1)).containsOnly(0);
      assertThat(selected.image(2)).containsOnly(2);
    }
    Dataset one = Dataset.of(new byte[784], new int[1]);
    assertThatExceptionOfType(IndexOutOfBoundsException.class)
        .isThrownBy(() -> one.select(new int[] {1}));
    for (int n : new int[] {0, Dataset.MAX_SIZE + 1}) {
      refused(
          () -> one.select(new int[n]),
          n + " examples of a dataset were asked for, expected 1 to 2739137");
    }
  }

  /** By sha256sum over the same bytes. */
  @Test
  void hashesPixelsAndLabels() {
    try (Dataset data = Dataset.of(new byte[784], new int[] {258});
        Dataset other = Dataset.of(new byte[784], new int[] {259})) {
      assertThat(data.sha256())
          .isEqualTo("74324a40d91bac0935e74edb1a7e3e4e25143b28c12cf754bb66adb0425d31c5")
          .isEqualTo(data.take(1).sha256());
      assertThat(other.sha256()).isNotEqualTo(data.sha256());
    }
  }

  @Test
  void takeOfNothingIsRefused() {
    try (Dataset data = three()) {
      for (int n : new int[] {0, -1}) {
        assertThatExceptionOfType(LeNetException.class)
            .isThrownBy(() -> data.take(n))
            .withMessageContaining(n + " examples")
            .withMessageContaining("at least 1");
      }
    }
  }

  @Test
  void indicesAreChecked() {
    try (Dataset data = three()) {
      for (int i : new int[] {-1, 3, Integer.MAX_VALUE}) {
        assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> data.label(i));
        assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> data.image(i));
      }
    }
  }

  @Test
  void anyUseAfterCloseIsAnError() {
    Dataset data = three();
    data.close();
    data.close();
    List<Consumer<Dataset>> uses =
        List.of(
            Dataset::size,
            Dataset::classes,
            d -> d.label(0),
            d -> d.image(0),
            Dataset::pixels,
            Dataset::labels,
            d -> d.take(1));
    for (Consumer<Dataset> use : uses) {
      assertThatIllegalStateException()
          .isThrownBy(() -> use.accept(data))
          .withMessageContaining("closed");
    }
    assertThat(data).hasToString("Dataset[closed]");
  }

  @Test
  void acceptsTheWholeRangeOfLabels() {
    try (Dataset data = Dataset.of(new byte[2 * 784], new int[] {0, 1023})) {
      assertThat(data.classes()).isEqualTo(1024);
    }
  }

  @Test
  void refusesWhatIsNoDataset() {
    refused(() -> Dataset.of(new byte[0], new int[0]), "no examples");
    refused(() -> Dataset.of(new byte[784], new int[0]), "no examples");
    refused(() -> Dataset.of(new byte[783], new int[1]), "783 pixels", "784");
    refused(() -> Dataset.of(new byte[784], new int[2]), "784 pixels for 2 labels", "1568");
    refused(() -> Dataset.of(new byte[1568], new int[] {0, 1024}), "label 1", "1024", "1023");
    refused(() -> Dataset.of(new byte[784], new int[] {-1}), "label 0", "-1");
  }

  private static void refused(ThrowingCallable call, String... parts) {
    assertThatExceptionOfType(LeNetException.class)
        .isThrownBy(call)
        .satisfies(e -> assertThat(e.getMessage()).contains(parts));
  }

  @Test
  void exchangesRowsAndColumns() {
    byte[] pixels = new byte[2 * Dataset.PIXELS];
    pixels[Dataset.PIXELS + 3 * 28 + 20] = 7;
    pixels[27] = 9;
    try (Dataset data = Dataset.of(pixels, new int[] {4, 2});
        Dataset transposed = data.transposed()) {
      assertThat(transposed.image(1)[20 * 28 + 3]).isEqualTo((byte) 7);
      assertThat(transposed.image(0)[27 * 28]).isEqualTo((byte) 9);
      assertThat(transposed.label(1)).isEqualTo(2);
      assertThat(transposed.classes()).isEqualTo(5);
      try (Dataset back = transposed.transposed()) {
        assertThat(back.sha256()).isEqualTo(data.sha256());
      }
    }
  }
}
