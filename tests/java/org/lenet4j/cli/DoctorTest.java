package org.lenet4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
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
