package org.lenet4j.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lenet4j.LeNetException;

class IdxDatasetTest {
  @TempDir Path dir;

  private void put(String name, byte[] content) {
    IdxFiles.write(dir.resolve(name), name.endsWith(".gz") ? IdxFiles.gzip(content) : content);
  }

  @ParameterizedTest
  @CsvSource({
    "-images-idx3-ubyte,    -labels-idx1-ubyte",
    "-images-idx3-ubyte.gz, -labels-idx1-ubyte.gz",
    "-images.idx3-ubyte,    -labels.idx1-ubyte",
    "-images.idx3-ubyte.gz, -labels.idx1-ubyte.gz",
    "-images-idx3-ubyte,    -labels.idx1-ubyte.gz"
  })
  void readsEverySpellingAndNeedsOnlyItsOwnSplit(String images, String labels) {
    put("train" + images, IdxFiles.images(3));
    put("train" + labels, IdxFiles.labels(1, 2, 3));
    try (Dataset train = IdxDataset.train(dir)) {
      assertThat(train.size()).isEqualTo(3);
    }
    assertThatExceptionOfType(LeNetException.class).isThrownBy(() -> IdxDataset.test(dir));
    put("t10k" + images, IdxFiles.images(2));
    put("t10k" + labels, IdxFiles.labels(5, 6));
    try (Dataset test = IdxDataset.test(dir)) {
      assertThat(test.size()).isEqualTo(2);
      assertThat(test.label(0)).isEqualTo(5);
    }
  }

  @Test
  void prefersThePlainFile() {
    put("train-images-idx3-ubyte", IdxFiles.images(1));
    put("train-images-idx3-ubyte.gz", IdxFiles.images(2));
    put("train-labels-idx1-ubyte", IdxFiles.labels(7));
    try (Dataset train = IdxDataset.train(dir)) {
      assertThat(train.size()).isEqualTo(1);
    }
  }

  @Test
  void readsOneOfSeveralDataSets() {
    put("emnist-letters-train-images-idx3-ubyte.gz", IdxFiles.images(3));
    put("emnist-letters-train-labels-idx1-ubyte.gz", IdxFiles.labels(1, 2, 26));
    put("emnist-digits-test-images-idx3-ubyte", IdxFiles.images(1));
    put("emnist-digits-test-labels-idx1-ubyte", IdxFiles.labels(9));
    try (Dataset letters = IdxDataset.train(dir, "emnist-letters");
        Dataset digits = IdxDataset.test(dir, "emnist-digits")) {
      assertThat(letters.size()).isEqualTo(3);
      assertThat(letters.classes()).isEqualTo(27);
      assertThat(digits.label(0)).isEqualTo(9);
    }
    assertThatExceptionOfType(LeNetException.class)
        .isThrownBy(() -> IdxDataset.train(dir))
        .withMessageEndingWith(
            "; choose one of its data sets with --dataset: emnist-digits, emnist-letters");
  }

  @Test
  void listsWhatWasSoughtAndWhatIsThere() {
    put("t10k-images-idx3-ubyte.gz", IdxFiles.images(1));
    for (int i = 0; i < 11; i++) {
      put("file-" + i, new byte[1]);
    }
    assertThatExceptionOfType(LeNetException.class)
        .isThrownBy(() -> IdxDataset.test(dir))
        .withMessageStartingWith(dir + ": looked for t10k-labels-idx1-ubyte,")
        .withMessageContainingAll(
            "t10k-labels.idx1-ubyte.gz", "holds file-0, file-1, file-10, file-2", "and 2 more")
        .withMessageNotContaining("file-9");
  }

  @Test
  void saysThatADirectoryIsEmptyMissingOrAFile() {
    assertThatExceptionOfType(LeNetException.class)
        .isThrownBy(() -> IdxDataset.train(dir))
        .withMessageContainingAll("train-images-idx3-ubyte", "is empty", "--data");
    assertThatExceptionOfType(LeNetException.class)
        .isThrownBy(() -> IdxDataset.train(dir.resolve("nowhere")))
        .withMessageContaining(dir.resolve("nowhere") + " could not be read: it does not exist");
    put("file", new byte[1]);
    assertThatExceptionOfType(LeNetException.class)
        .isThrownBy(() -> IdxDataset.train(dir.resolve("file")))
        .withMessageContaining("a file is in the place of a directory");
  }

  @Test
  void namesBothFilesWhenCountsDiffer() {
    put("train-images-idx3-ubyte", IdxFiles.images(2));
    put("train-labels-idx1-ubyte", IdxFiles.labels(1, 2, 3));
    assertThatExceptionOfType(LeNetException.class)
        .isThrownBy(() -> IdxDataset.train(dir))
        .withMessageContainingAll(
            dir.resolve("train-images-idx3-ubyte").toString(),
            dir.resolve("train-labels-idx1-ubyte").toString(),
            "found 2 images",
            "expected 3");
  }
}
