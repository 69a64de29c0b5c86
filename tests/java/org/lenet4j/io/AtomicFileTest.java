package org.lenet4j.io;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lenet4j.LeNetException;

class AtomicFileTest {
  @TempDir private Path directory;

  @Test
  void createsAndReplaces() throws IOException {
    Path file = directory.resolve("a.bin");
    AtomicFile.write(file, out -> out.write(new byte[] {1, 2, 3}));
    assertThat(file).hasBinaryContent(new byte[] {1, 2, 3});
    AtomicFile.write(file, out -> out.write(4));
    assertThat(file).hasBinaryContent(new byte[] {4});
    assertThat(names()).containsExactly("a.bin");
  }

  @Test
  void keepsTheOldFileWhenTheWriterFails() throws IOException {
    Path file = Files.writeString(directory.resolve("a.txt"), "old");
    assertThatThrownBy(
            () ->
                AtomicFile.write(
                    file,
                    out -> {
                      out.write(new byte[100_000]);
                      throw new IOException("disk full");
                    }))
        .isInstanceOf(LeNetException.class)
        .hasMessage(file + " could not be written: disk full");
    assertThatThrownBy(
            () ->
                AtomicFile.write(
                    file,
                    out -> {
                      throw new IllegalStateException("a bug");
                    }))
        .isInstanceOf(IllegalStateException.class);
    assertThat(file).hasContent("old");
    assertThat(names()).containsExactly("a.txt");
  }

  @Test
  void writesThroughSymbolicLinks() throws IOException {
    Path real = Files.createDirectory(directory.resolve("real")).resolve("weights");
    Path inner = Files.createSymbolicLink(directory.resolve("inner"), Path.of("real/weights"));
    Path outer = Files.createSymbolicLink(directory.resolve("outer"), Path.of("inner"));
    for (String content : List.of("through a dangling link", "through a live one")) {
      AtomicFile.write(outer, out -> out.write(content.getBytes(UTF_8)));
      assertThat(real).hasContent(content).isRegularFile();
      assertThat(inner).isSymbolicLink();
      assertThat(outer).isSymbolicLink();
    }
  }

  @Test
  void refusesARingOfLinks() throws IOException {
    Path ring = Files.createSymbolicLink(directory.resolve("ring"), Path.of("ring"));
    assertThatThrownBy(() -> AtomicFile.requireWritable(ring))
        .isInstanceOf(LeNetException.class)
        .hasMessageContaining("more than 40 symbolic links");
  }

  @Test
  void saysBeforehandWhatCannotBeWritten() {
    Path orphan = directory.resolve("missing/a");
    assertThatThrownBy(() -> AtomicFile.requireWritable(orphan))
        .isInstanceOf(LeNetException.class)
        .hasMessageStartingWith(orphan.toString())
        .hasMessageContaining("there is no directory " + directory.resolve("missing"));
    assertThatThrownBy(() -> AtomicFile.requireWritable(directory))
        .isInstanceOf(LeNetException.class)
        .hasMessage(directory + " is a directory: name a file in it");
    assertThatThrownBy(() -> AtomicFile.write(orphan, out -> {}))
        .isInstanceOf(LeNetException.class);
  }

  @Test
  void doesNotReplaceADevice() {
    assertThatThrownBy(() -> AtomicFile.write(Path.of("/dev/null"), out -> out.write(1)))
        .isInstanceOf(LeNetException.class)
        .hasMessageContaining("is not a regular file");
  }

  @Test
  void writesInAnInterruptedThread() {
    Path file = directory.resolve("a");
    Thread.currentThread().interrupt();
    AtomicFile.write(file, out -> out.write('x'));
    assertThat(Thread.interrupted()).isTrue();
    assertThat(file).hasContent("x");
  }

  private List<String> names() throws IOException {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.map(entry -> entry.getFileName().toString()).toList();
    }
  }
}
