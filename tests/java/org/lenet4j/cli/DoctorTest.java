package org.lenet4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;
import org.lenet4j.Version;

class DoctorTest {
  @Test
  void showsWhatThereIs(@TempDir Path directory) {
    Cli doctor = Cli.run(directory, "doctor");
    assertThat(doctor.err()).isEmpty();
    assertThat(doctor.status()).isZero();
    assertThat(doctor.out().lines()).allMatch(line -> line.matches("(ok     |problem) .*"));
    assertThat(doctor.out())
        .contains("ok       lenet4j            " + Version.current())
        .contains("ok       java               " + System.getProperty("java.version"))
        .containsPattern("ok       native library     /.*liblenet\\.so")
        .containsPattern("ok       instruction sets   .*\\(chosen: .*\\)")
        .containsPattern("ok       threads            \\d+")
        .containsPattern("Fashion-MNIST      .+")
        .containsPattern("CUDA engine        .+");
  }

  @Test
  void knowsThatATrainingDownloadsTheData(@TempDir Path directory) {
    assumeFalse(
        Files.exists(Path.of("/usr/share/datasets/fashion-mnist")),
        "Debian's package has the data: this test is skipped");
    String ok = "ok       Fashion-MNIST      not on this machine yet: training downloads it";
    assertThat(doctorWithoutData(directory).out()).contains(ok);
    assertThat(doctorWithoutData(directory, "-Dlenet4j.offline=true").out())
        .doesNotContain(ok)
        .contains("problem  Fashion-MNIST      Fashion-MNIST is not on this machine");
  }

  private static Cli doctorWithoutData(Path directory, String... options) {
    List<String> jvmOptions =
        Stream.concat(Stream.of("-Dlenet4j.cache=" + directory), Stream.of(options)).toList();
    String classPath = System.getProperty("java.class.path");
    return Cli.run(classPath, jvmOptions, Map.of(), directory, "doctor");
  }

  @Test
  @EnabledIfSystemProperty(named = "lenet4j.tests.cuda", matches = "true")
  void showsTheDevices(@TempDir Path directory) {
    Cli doctor = Cli.run(directory, "doctor");
    assertThat(doctor.out())
        .containsPattern("ok       CUDA engine        /.*/liblenet_cuda\\.so")
        .containsPattern("ok       CUDA library       /.*/libcudnn\\.so\\.9")
        .containsPattern("ok       cuda:0             .+, sm_\\d+, \\d+ MiB");
    assertThat(doctor.out().lines()).noneMatch(line -> line.startsWith("problem  CUDA"));
  }
}
