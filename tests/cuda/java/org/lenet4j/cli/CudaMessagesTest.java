package org.lenet4j.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lenet4j.data.IdxFiles;

/**
 * What a user reads when the GPU cannot be used: each time what was found, what is needed and what
 * helps, in one line. The machines of these tests are emulated (tests/cuda/emulation).
 */
@EnabledIfEnvironmentVariable(named = "LENET_EMU_KERNELS", matches = ".+")
class CudaMessagesTest {
  private static final String REMEDY = "use --device cpu";

  @TempDir private static Path directory;

  @BeforeAll
  static void writeData() throws IOException {
    IdxFiles.writeBars(directory.resolve("data"), 8, 8);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          LENET_EMU_DRIVER              | none     | no NVIDIA driver was found (libcuda.so.1), and one for CUDA 13 | install driver 580 or newer
          LENET_EMU_DRIVER              | 12080    | the NVIDIA driver is too old (it is for CUDA 12.8), and one for CUDA 13 | install driver 580 or newer
          LENET_EMU_DEVICES             | 0        | the NVIDIA driver finds no GPU | nvidia-smi
          LENET_EMU_COMPUTE_CAPABILITY  | 70       | is too old (sm_70) | sm_75 (Turing) or newer is needed
          LENET_EMU_CUDNN               | 90800    | cuDNN 9.8.0 for CUDA 13.0 was found, and cuDNN 9.24.0 or newer for CUDA 13 is needed | pip install --upgrade nvidia-cudnn-cu13
          LENET_EMU_CUDNN_CUDART        | 12080    | for CUDA 12.8 was found | apt install cudnn9-cuda-13
          LENET_EMU_MEMORY              | 20000000 | cudaMalloc | 33554432 bytes were asked for: free device memory, or choose a smaller batch or dataset
          """)
  void aMachineThatDoesNotDo(String variable, String value, String found, String needed) {
    Cli train = cli().with(variable, value).run(train("cuda"));
    assertOneError(train);
    assertThat(train.err()).contains(found).contains(needed);
    if (!variable.equals("LENET_EMU_MEMORY")) {
      assertThat(train.err()).contains(REMEDY);
    }
  }

  @Test
  void anotherDeviceThanThereIs() {
    Cli train = cli().run(train("cuda:7"));
    assertThat(train.err())
        .contains("device cuda:7 cannot be used: there is no cuda:7")
        .contains("2 CUDA devices, cuda:0 to cuda:1");
  }

  @ParameterizedTest
  @ValueSource(strings = {"libcudart.so.13", "libcublas.so.13", "libcudnn.so.9"})
  void aLibraryIsMissing(String library) {
    assumeFalse(systemHas(library), "the system has " + library);
    Path libraries =
        EmulatedCli.copyLibraries(directory.resolve(library), name -> !name.equals(library));
    Cli train = new EmulatedCli(directory).withCudaPath(libraries).run(train("cuda"));
    assertOneError(train);
    assertThat(train.err())
        .contains("device cuda:0 cannot be used: " + library + " not found (found: ")
        .contains("apt install", "pip install", "cuda-redist-cudnn", "-Dlenet4j.cuda.path=DIR")
        .contains(REMEDY);
  }

  @Test
  void noLibraryAtAll() {
    assumeFalse(systemHas("libcudnn.so.9"), "the system has libcudnn.so.9");
    String reason = "libcudnn.so.9 not found (found: ";
    EmulatedCli cli = new EmulatedCli(directory).withCudaPath(directory.resolve("nowhere"));
    Cli train = cli.run(train("cuda"));
    assertOneError(train);
    assertThat(train.err()).contains(reason, "cuDNN 9.24 or newer are needed", REMEDY);
    assertFallsBack(cli.run(train("auto")), reason);
    assertThat(cli.run("doctor").out())
        .containsPattern("problem  CUDA engine        .*" + Pattern.quote(reason));
  }

  @Test
  void realLibrariesButNoDriver() throws IOException {
    Path libraries = Path.of(System.getProperty("lenet4j.cuda.libs"));
    assumeFalse(Files.exists(Path.of("/proc/driver/nvidia/version")), "there is a driver");
    Path cudnn = libraries.resolve("nvidia/cudnn/lib/libcudnn.so.9").toRealPath();
    String reason = "no NVIDIA driver was found (libcuda.so.1), and one for CUDA 13.";
    EmulatedCli cli = new EmulatedCli(directory).withoutPresets().withCudaPath(libraries);
    Cli train = cli.run(train("cuda"));
    assertOneError(train);
    assertThat(train.err()).contains(reason, "install driver 580 or newer", REMEDY);
    assertFallsBack(cli.run(train("auto")), reason);
    assertThat(cli.run("doctor").out())
        .contains("CUDA library       " + cudnn)
        .contains("CUDA driver        none found")
        .containsPattern("ok       cuDNN              9\\.\\d+\\.\\d+ \\(built for 9\\.")
        .contains("problem  CUDA engine        " + reason);
  }

  @Test
  void aLibraryIsDamaged() throws IOException {
    Path libraries = EmulatedCli.copyLibraries(directory.resolve("damaged"), name -> true);
    Files.writeString(libraries.resolve("libcudnn.so.9"), "not a library");
    Cli train =
        new EmulatedCli(directory).with("LD_LIBRARY_PATH", libraries.toString()).run(train("cuda"));
    assertOneError(train);
    assertThat(train.err()).contains("libcudnn.so.9", REMEDY);
  }

  @Test
  void autoFallsBackToTheCpuAndSaysWhyInOneLine() {
    assertFallsBack(
        cli().with("LENET_EMU_DRIVER", "none").run(train("auto")), "no NVIDIA driver was found");
  }

  @Test
  void doctorShowsTheChainAndWhatIsWrong() {
    Cli doctor = cli().with("LENET_EMU_CUDNN", "90800").run("doctor");
    assertThat(doctor.status()).isZero();
    assertThat(doctor.out())
        .containsPattern("ok       CUDA engine        /.*liblenet_cuda\\.so")
        .containsPattern("ok       CUDA search path   -Dlenet4j.cuda.path=")
        .contains("ok       CUDA library       " + EmulatedCli.LIBRARIES.resolve("libcudnn.so.9"))
        .contains("ok       CUDA driver        13.0")
        .containsPattern("ok       CUDA runtime       13\\.\\d+ \\(built for 13\\.\\d+\\)")
        .containsPattern("ok       cuDNN              9.8.0 \\(built for 9\\.\\d+\\.\\d+\\)")
        .containsPattern("problem  CUDA engine        cuDNN 9.8.0 for CUDA 13.\\d was found")
        .containsPattern("ok       cuBLAS             13\\..* \\(built for 13\\..*\\)")
        .contains("ok       cuda:0             EMULATED (CPU), sm_90");
  }

  private static EmulatedCli cli() {
    return new EmulatedCli(directory).withCudaPath(EmulatedCli.LIBRARIES);
  }

  private static String[] train(String device) {
    return ("train --data data --epochs 1 --batch-size 4 --device " + device).split(" ");
  }

  private static void assertOneError(Cli train) {
    assertThat(train.status()).as(train.err()).isEqualTo(1);
    assertThat(train.err().lines())
        .singleElement()
        .asString()
        .startsWith("error: device cuda:0 cannot be used: ");
  }

  private static void assertFallsBack(Cli train, String reason) {
    assertThat(train.status()).as(train.err()).isZero();
    assertThat(train.out()).contains("training on cpu");
    assertThat(train.err().lines())
        .singleElement()
        .asString()
        .contains("using device cpu, not cuda: ", reason);
  }

  private static boolean systemHas(String library) {
    try {
      Process process =
          new ProcessBuilder("sh", "-c", "PATH=$PATH:/sbin:/usr/sbin ldconfig -p")
              .redirectErrorStream(true)
              .start();
      return new String(process.getInputStream().readAllBytes(), UTF_8).contains(library + " ");
    } catch (IOException e) {
      return false;
    }
  }
}
