package org.lenet4j.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lenet4j.LeNetException;

class LabelMapTest {
  @TempDir private Path directory;

  private LabelMap map(String text) throws IOException {
    return LabelMap.read(Files.writeString(directory.resolve("mapping.txt"), text));
  }

  @Test
  void readsEmnistsMapping() throws IOException {
    LabelMap letters = map("1 65 97\n2 66 98\n26 90 122\n");
    assertThat(letters.names()).containsExactly("A/a", "B/b", "Z/z");
    try (Dataset data = Dataset.of(new byte[4 * Dataset.PIXELS], new int[] {26, 1, 2, 1});
        Dataset renumbered = data.relabelled(letters)) {
      assertThat(renumbered.labels().get(0)).isEqualTo(2);
      assertThat(renumbered.labels().get(1)).isZero();
      assertThat(renumbered.labels().get(2)).isEqualTo(1);
      assertThat(renumbered.size()).isEqualTo(4);
    }
  }

  @Test
  void readsNamesToo() throws IOException {
    assertThat(map("0\tT-shirt/top\r\n\r\n1 Ankle boot").names())
        .containsExactly("T-shirt/top", "Ankle boot");
    assertThat(map("0 12354").names()).containsExactly("\u3042");
  }

  @Test
  void keepsClassesThatTheDataLack() throws IOException {
    try (Dataset data = Dataset.of(new byte[Dataset.PIXELS], new int[] {0});
        Dataset renumbered = data.relabelled(map("0 48\n1 49\n2 50"))) {
      assertThat(renumbered.classes()).isEqualTo(3);
    }
  }

  @Test
  void refusesALabelThatItLacks() throws IOException {
    LabelMap map = map("1 65");
    try (Dataset data = Dataset.of(new byte[Dataset.PIXELS], new int[] {0})) {
      assertThatExceptionOfType(LeNetException.class)
          .isThrownBy(() -> data.relabelled(map))
          .withMessage(
              "the data have label 0, which "
                  + directory.resolve("mapping.txt")
                  + " does not have: use the map of this data set");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "A 65             | line 1: found 'A 65', expected a label and its characters' codes",
        "1                | line 1: found '1', expected a label",
        "1 65;1 66        | line 2: found label 1, expected each label once",
        "0 7              | line 1: found '0 7', expected a label",
        "0 9999999        | line 1: found '0 9999999', expected a label",
        "0 65;9999999999 1| line 2: found '9999999999 1', expected a label",
        "''               | the whole file: found 0 labels, expected 1 to 1024",
      })
  void namesTheLineThatIsWrong(String lines, String message) {
    assertThatExceptionOfType(LeNetException.class)
        .isThrownBy(() -> map(lines.replace(';', '\n')))
        .withMessageStartingWith(directory.resolve("mapping.txt") + ": " + message);
  }

  @Test
  void saysThatAFileIsMissing() {
    assertThatExceptionOfType(LeNetException.class)
        .isThrownBy(() -> LabelMap.read(directory.resolve("none.txt")))
        .withMessageContaining("none.txt could not be read: it does not exist");
  }
}
