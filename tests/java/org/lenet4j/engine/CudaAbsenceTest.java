package org.lenet4j.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is said where the CUDA engine is not installed, or does not exist. */
class CudaAbsenceTest {
  @TempDir private Path root;

  private void device(String address, String vendor, String kind) throws IOException {
    Path device = Files.createDirectories(root.resolve("sys/bus/pci/devices").resolve(address));
    Files.writeString(device.resolve("vendor"), vendor + "\n");
    Files.writeString(device.resolve("class"), kind + "\n");
  }

  @Test
  void anEmptyMachineHasNoGpu() {
    assertThat(NvidiaGpu.isPresent(root)).isFalse();
  }

  @Test
  void othersCardsAndNvidiasSoundAreNoNvidiaGpu() throws IOException {
    device("0000:00:02.0", "0x8086", "0x030000");
    device("0000:01:00.1", "0x10de", "0x040300");
    assertThat(NvidiaGpu.isPresent(root)).isFalse();
  }

  @Test
  void aCardWithoutADriverIsAGpu() throws IOException {
    device("0000:00:02.0", "0x8086", "0x030000");
    device("0000:01:00.0", "0x10de", "0x030200");
    assertThat(NvidiaGpu.isPresent(root)).isTrue();
  }

  @Test
  void aDriverInAContainerIsAGpu() throws IOException {
    Files.createDirectories(root.resolve("dev"));
    Files.createFile(root.resolve("dev/nvidiactl"));
    assertThat(NvidiaGpu.isPresent(root)).isTrue();
  }

  @Test
  void whereItExistsTheDependencyIsNamed() {
    assertThat(CudaLibrary.absence("linux-x86_64"))
        .contains("with classifier linux-x86_64-gpu", "--device cpu");
  }

  @Test
  void elsewhereNobodyIsToldToAddWhatDoesNotExist() {
    assertThat(CudaLibrary.absence("linux-arm64"))
        .isEqualTo(
            "there is no CUDA engine for linux-arm64, only for linux-x86_64; use --device cpu");
    assertThat(CudaLibrary.briefAbsence("linux-arm64"))
        .isEqualTo("there is no CUDA engine for linux-arm64");
  }
}
