package org.lenet4j.engine;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URI;
import java.net.URL;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.bytedeco.javacpp.Loader;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lenet4j.LeNetException;
import org.lenet4j.Tmpfs;

/** Extraction of the native libraries from a jar. */
class NativeLibraryTest {
  @TempDir private Path directory;
  private Path cache;

  @BeforeEach
  void name() {
    cache = directory.resolve("cache");
  }

  /** A jar with one library of this content. */
  private URL library(String content) throws IOException {
    Path jar = Files.createTempFile(directory, "natives", ".jar");
    try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(jar))) {
      zip.putNextEntry(new ZipEntry("linux/libx.so"));
      zip.write(content.getBytes(UTF_8));
    }
    return URI.create("jar:" + jar.toUri() + "!/linux/libx.so").toURL();
  }

  @Test
  void onlyTheOwnerMayEnter() throws IOException {
    Files.createDirectories(cache);
    Files.setPosixFilePermissions(cache, PosixFilePermissions.fromString("rwxrwxrwx"));
    Path file = NativeLibrary.extract(library("code"), cache);
    assertThat(file).hasContent("code").hasFileName("libx.so");
    for (Path entry : new Path[] {cache, file.getParent()}) {
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(entry)))
          .isEqualTo("rwx------");
    }
  }

  @Test
  void whatIsThereAndWholeIsKept() throws IOException {
    Path file = NativeLibrary.extract(library("code"), cache);
    Object inode = Files.getAttribute(file, "unix:ino");
    assertThat(NativeLibrary.extract(library("code"), cache)).isEqualTo(file);
    assertThat(Files.getAttribute(file, "unix:ino")).isEqualTo(inode);
  }

  @Test
  void tamperedAndTruncatedFilesAreReplaced() throws IOException {
    Path file = NativeLibrary.extract(library("code"), cache);
    for (String other : new String[] {"evil", "co", ""}) {
      Files.writeString(file, other);
      assertThat(NativeLibrary.extract(library("code"), cache)).hasContent("code");
    }
  }

  @Test
  void versionsDoNotShareAFile() throws IOException {
    Path first = NativeLibrary.extract(library("code"), cache);
    Path second = NativeLibrary.extract(library("edoc"), cache);
    assertThat(first).hasContent("code");
    assertThat(second).hasContent("edoc");
    try (Stream<Path> files = Files.walk(cache)) {
      assertThat(files.filter(Files::isRegularFile)).containsExactlyInAnyOrder(first, second);
    }
  }

  @Test
  void anUnusableDirectoryIsSaidWithARemedy() throws IOException {
    Files.writeString(cache, "a file");
    URL library = library("code");
    assertThatThrownBy(() -> NativeLibrary.extract(library, cache))
        .isInstanceOf(LeNetException.class)
        .hasMessageContaining(cache.toString())
        .hasMessageContaining("-Dlenet4j.cache=DIR");
  }

  @Test
  void noexecIsSaidWithARemedy() throws IOException {
    Files.createDirectories(cache);
    try (Tmpfs tmpfs = Tmpfs.mount(cache, "noexec")) {
      Path file =
          Files.copy(
              NativeLibrary.find(Loader.getPlatform(), "liblenet.so"),
              tmpfs.path().resolve("liblenet.so"));
      assertThatThrownBy(() -> NativeLibrary.open(file))
          .isInstanceOf(LeNetException.class)
          .hasMessageContaining(file + " may not be executed")
          .hasMessageContaining("noexec")
          .hasMessageContaining("-Dlenet4j.cache=DIR");
    }
  }

  @Test
  void aMissingLibraryIsSaidWithItsJar() {
    assertThatThrownBy(() -> NativeLibrary.load("libmissing.so"))
        .isInstanceOf(LeNetException.class)
        .hasMessageContaining("libmissing.so is not on the class path")
        .hasMessageContaining("classifier " + Loader.getPlatform());
  }

  /** A path is any bytes, and Java has no text for all of them. */
  @Test
  void loadedLibrariesAreFoundAmongFilesOfAnyName() throws Exception {
    String make = "printf x > \"$1/$(printf 'lib\\377.so')\"";
    assertThat(new ProcessBuilder("sh", "-c", make, "sh", directory.toString()).start().waitFor())
        .isZero();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory);
        FileChannel channel = FileChannel.open(files.iterator().next())) {
      MappedByteBuffer mapped = channel.map(FileChannel.MapMode.READ_ONLY, 0, 1);
      assertThat(LoadedLibraries.matching("libjvm\\.so")).hasSize(1);
      assertThat(mapped.get(0)).isEqualTo((byte) 'x');
    }
  }

  @Test
  void javaCppHasNotExtractedThemToo() {
    assertThat(NativeEngine.unavailableReason()).isEmpty();
    assertThat(Loader.getLoadedLibraries().keySet())
        .noneMatch(name -> name.contains("lenet") || name.contains("LeNet"));
  }
}
