package org.lenet4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import org.bytedeco.javacpp.Loader;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.io.TempDir;

/**
 * Where the CUDA libraries come from, by the order in which they are looked for; each place has its
 * own copy of the emulated ones, and {@code doctor} says which were loaded.
 */
@EnabledIfEnvironmentVariable(named = "LENET_EMU_KERNELS", matches = ".+")
class CudaLoadingTest {
  /** The three that liblenet_cuda.so is linked against. */
  private static final List<String> LIBRARIES =
      List.of("libcudart.so.13", "libcublas.so.13", "libcudnn.so.9");

  @TempDir private static Path directory;
  private static Path folder;
  private static Path other;
  private static Path jar;

  @BeforeAll
  static void copyLibraries() throws IOException {
    folder = EmulatedCli.copyLibraries(directory.resolve("folder"), name -> true);
    other = EmulatedCli.copyLibraries(directory.resolve("other"), name -> true);
    jar = directory.resolve("cuda-redist.jar");
    try (OutputStream out = Files.newOutputStream(jar);
        JarOutputStream entries = new JarOutputStream(out);
        Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        // The layout of org.bytedeco:cuda-redist.
        entries.putNextEntry(
            new JarEntry(
                "org/bytedeco/cuda/%s/%s".formatted(Loader.getPlatform(), file.getFileName())));
        Files.copy(file, entries);
        entries.closeEntry();
      }
    }
  }

  @Test
  void thePathPropertyNamesAFolder() {
    assertLoadedFrom(folder, cli().withCudaPath(folder).with("LD_LIBRARY_PATH", other.toString()));
  }

  @Test
  void thePathPropertyNamesAPipTarget() throws IOException {
    Path target = directory.resolve("target");
    Path cuda = Files.createDirectories(target.resolve("nvidia/cu13/lib"));
    Path cudnn = Files.createDirectories(target.resolve("nvidia/cudnn/lib"));
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        String name = file.getFileName().toString();
        Files.copy(file, (name.startsWith("libcudnn") ? cudnn : cuda).resolve(name));
      }
    }
    Cli doctor = cli().withCudaPath(target).run("doctor");
    assertThat(doctor.out())
        .contains(line(cuda.resolve("libcudart.so.13")), line(cudnn.resolve("libcudnn.so.9")));
  }

  @Test
  void aJarLaidOutLikeThePresetsRedist() {
    assertLoadedFromJar(cli().withoutPresets().withJar(jar));
  }

  /** Then the Presets' own classes load them, before the engine's library is touched. */
  @Test
  void theJarAndThePresetsThemselves() {
    assertLoadedFromJar(cli().withJar(jar));
  }

  @Test
  void aJarGoesBeforeTheSystem() {
    assertLoadedFromJar(
        cli().withoutPresets().withJar(jar).with("LD_LIBRARY_PATH", other.toString()));
  }

  @Test
  void elseTheSystem() {
    assertLoadedFrom(other, cli().withoutPresets().with("LD_LIBRARY_PATH", other.toString()));
  }

  private static EmulatedCli cli() {
    return new EmulatedCli(directory);
  }

  private static void assertLoadedFrom(Path place, EmulatedCli cli) {
    Cli doctor = cli.run("doctor");
    assertThat(doctor.err()).isEmpty();
    for (String library : LIBRARIES) {
      assertThat(doctor.out()).contains(line(place.resolve(library)));
    }
    assertThat(doctor.out()).contains("ok       cuda:0             EMULATED (CPU)");
  }

  private static void assertLoadedFromJar(EmulatedCli cli) {
    Cli doctor = cli.run("doctor");
    assertThat(doctor.err()).isEmpty();
    for (String library : LIBRARIES) {
      assertThat(doctor.out())
          .containsPattern(
              "ok       CUDA library       " + directory.resolve("cache") + "/.*" + library);
    }
    assertThat(doctor.out()).contains("ok       cuda:0             EMULATED (CPU)");
  }

  private static String line(Path library) {
    return "ok       CUDA library       " + library + "\n";
  }
}
