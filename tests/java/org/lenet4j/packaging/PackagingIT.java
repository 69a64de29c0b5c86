package org.lenet4j.packaging;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarFile;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lenet4j.Processes;

/** The jars as users meet them; runs in Maven's phase integration-test, when they exist. */
class PackagingIT {
  private static final String ARTIFACT = System.getProperty("lenet4j.artifact");
  private static final String PLATFORM = System.getProperty("lenet4j.platform");
  private static final String NATIVE = "org/lenet4j/internal/" + PLATFORM + "/";
  private static final String GPU = PLATFORM + "-gpu";
  private static final String CUDA_ENGINE = "org/lenet4j/internal/" + GPU + "/liblenet_cuda.so";
  private static final boolean CUDA_BUILT = System.getProperty("lenet4j.gpu").equals("ON");

  /** Who loads the libraries, and whose native methods are in them. */
  private static final String MODULE_ACCESS =
      "--enable-native-access=org.lenet4j,org.bytedeco.javacpp";

  private static final String ADD = "--add-modules=org.lenet4j";

  private static final String USE =
      """
      import org.lenet4j.engine.Device;
      import org.lenet4j.training.LeNet;

      public class Use {
        public static void main(String[] args) {
          try (LeNet net = LeNet.builder().device(Device.cpu()).build()) {
            System.out.println(net.predict(new byte[784]).length + " classes on " + net.device());
          }
        }
      }
      """;

  @TempDir private Path directory;

  @Test
  void classesJarHoldsNoNativeCode() throws IOException {
    assertThat(entries(""))
        .contains("org/lenet4j/training/LeNet.class", "org/lenet4j/version.properties")
        .noneMatch(name -> name.endsWith(".so"));
  }

  @Test
  void nativeJarHoldsTheTwoLibrariesAndNothingElse() throws IOException {
    assertThat(entries("-" + PLATFORM).stream().filter(name -> !name.startsWith("META-INF/")))
        .containsExactlyInAnyOrder(NATIVE + "liblenet.so", NATIVE + "libjniLeNetNative.so");
  }

  @Test
  void sourcesAndJavadocAreComplete() throws IOException {
    assertThat(entries("-sources")).contains("org/lenet4j/training/LeNet.java");
    assertThat(entries("-javadoc"))
        .anyMatch(name -> name.endsWith("org/lenet4j/training/LeNet.html"))
        .noneMatch(name -> name.contains("internal/binding"));
  }

  @Test
  void everyJarHoldsTheLicense() throws IOException {
    List<String> jars =
        new ArrayList<>(List.of("", "-sources", "-javadoc", "-cli", "-" + PLATFORM));
    if (CUDA_BUILT) {
      jars.add("-" + GPU);
    }
    for (String jar : jars) {
      assertThat(entries(jar)).as("jar%s", jar).contains("META-INF/LICENSE", "META-INF/NOTICE");
      assertThat(text(jar, "META-INF/LICENSE")).contains("Apache License");
    }
    assertThat(text("-cli", "META-INF/NOTICE")).contains("XChart", "JLine", "Jackson");
  }

  @Test
  void billOfMaterialsNamesWhatIsInside() throws IOException {
    Path bill = Path.of(ARTIFACT + "-cyclonedx.json");
    assumeThat(bill).as("made with profile sbom").exists();
    assertThat(Files.readString(bill))
        .contains("CycloneDX", "pkg:maven/org.bytedeco/javacpp@")
        .doesNotContain("junit", System.getProperty("user.dir"));
  }

  @Test
  @EnabledIfSystemProperty(named = "lenet4j.gpu", matches = "ON")
  void gpuJarHoldsTheCudaEngineAndNothingElse() throws IOException {
    assertThat(entries("-" + GPU).stream().filter(name -> !name.startsWith("META-INF/")))
        .containsExactly(CUDA_ENGINE);
  }

  @Test
  void runnableJarHoldsTheCudaEngineIfItWasBuilt() throws IOException {
    assertThat(entries("-cli").contains(CUDA_ENGINE)).isEqualTo(CUDA_BUILT);
  }

  /** What a user meets who has forgotten the third dependency. */
  @Test
  void withoutTheGpuJarTheCommandLineNamesIt() throws Exception {
    String absent = "the CUDA engine (liblenet_cuda.so) is not on the class path";
    String missing = absent + ": add the dependency org.lenet4j:lenet4j:";
    assertThat(cli(1, "train", "--device", "cuda"))
        .contains("error: device cuda:0 cannot be used: " + missing)
        .contains("with classifier " + GPU, "use --device cpu");
    assertThat(cli(0, "train", "--epochs", "1", "--train-limit", "512"))
        .contains("using device cpu, not cuda: " + absent + " ('lenet4j doctor' says what to add)")
        .doesNotContain("add the dependency")
        .contains("training on cpu");
    assertThat(cli(0, "doctor"))
        .containsPattern(
            "(problem  CUDA engine        |ok       CUDA engine        none, and no use for one here \\()"
                + Pattern.quote(missing));
  }

  @Test
  void runnableJarTrains() throws Exception {
    String jar = ARTIFACT + "-cli.jar";
    String out =
        java("-jar", jar, "train", "--device", "cpu", "--epochs", "1", "--train-limit", "512");
    assertThat(out)
        .contains("training on cpu")
        .contains("examples/sec on cpu")
        .doesNotContainIgnoringCase("warning");
    assertThat(directory.resolve("lenet4j-out/run-1/curves.png")).isNotEmptyFile();
  }

  /** At the first start of all: nothing extracted yet. */
  @Test
  void twentyProcessesCanStartAtOnce() throws Exception {
    List<Process> processes = new ArrayList<>();
    try {
      for (int i = 0; i < 20; i++) {
        processes.add(
            builder(
                    directory.resolve("output-" + i + ".txt"),
                    javaCommand("-XX:TieredStopAtLevel=1", "-jar", ARTIFACT + "-cli.jar", "doctor"))
                .start());
      }
      for (int i = 0; i < processes.size(); i++) {
        assertThat(processes.get(i).waitFor(200, TimeUnit.SECONDS)).as("ended in time").isTrue();
        String out = Files.readString(directory.resolve("output-" + i + ".txt"));
        assertThat(processes.get(i).exitValue()).as(out).isZero();
        assertThat(out).containsPattern("native library +" + directory + "/cache/native/\\w{16}/");
      }
    } finally {
      processes.forEach(Process::destroyForcibly);
    }
    List<String> libraries = new ArrayList<>(List.of("liblenet.so", "libjniLeNetNative.so"));
    if (CUDA_BUILT) {
      libraries.add("liblenet_cuda.so");
    }
    try (Stream<Path> files = Files.walk(directory.resolve("cache"))) {
      assertThat(files.filter(Files::isRegularFile).map(file -> file.getFileName().toString()))
          .as("no copy is left half-done or twice")
          .containsExactlyInAnyOrderElementsOf(libraries);
    }
  }

  @Test
  void libraryWorksWithTheJarsOfItsPom() throws Exception {
    String access = "--enable-native-access=ALL-UNNAMED";
    assertThat(java(access, "-cp", classPath(true), use().toString()))
        .contains("10 classes on cpu")
        .doesNotContainIgnoringCase("warning");
  }

  @Test
  void libraryIsAModule() throws Exception {
    assertThat(
            java(MODULE_ACCESS, "--module-path", classPath(false), "-cp", nativeJar(), ADD, use()))
        .contains("10 classes on cpu")
        .doesNotContainIgnoringCase("warning");
  }

  /** As in a folder that holds all that Maven resolves. */
  @Test
  void nativeJarIsAModuleToo() throws Exception {
    Path main = Files.createDirectories(directory.resolve("app/use"));
    Files.writeString(main.resolve("Use.java"), "package use;\n" + USE);
    Files.writeString(
        main.resolveSibling("module-info.java"), "module app { requires org.lenet4j; }");
    Path jars = Files.createDirectory(directory.resolve("jars"));
    for (String jar : classPath(true).split(File.pathSeparator)) {
      Files.copy(Path.of(jar), jars.resolve(Path.of(jar).getFileName()));
    }
    run(
        Path.of(System.getProperty("java.home"), "bin", "javac").toString(),
        "--module-path",
        jars.toString(),
        "-d",
        "classes",
        "app/module-info.java",
        "app/use/Use.java");
    assertThat(
            java(
                MODULE_ACCESS,
                "--module-path",
                jars + File.pathSeparator + "classes",
                "--add-modules=ALL-MODULE-PATH",
                "--module",
                "app/use.Use"))
        .contains("10 classes on cpu")
        .doesNotContainIgnoringCase("warning");
  }

  @Test
  void libraryCanBeLinkedIntoAnImage() throws Exception {
    Path image = directory.resolve("image");
    run(
        Path.of(System.getProperty("java.home"), "bin", "jlink").toString(),
        "--module-path",
        classPath(false),
        "--add-modules",
        "org.lenet4j,jdk.compiler",
        "--output",
        image.toString());
    assertThat(run(command(image, MODULE_ACCESS, "-cp", nativeJar(), ADD, use())))
        .contains("10 classes on cpu")
        .doesNotContainIgnoringCase("warning");
  }

  private static String nativeJar() {
    return ARTIFACT + "-" + PLATFORM + ".jar";
  }

  /** A program that predicts on the cpu engine. */
  private String use() throws IOException {
    return Files.writeString(directory.resolve("Use.java"), USE).toString();
  }

  @Test
  void withoutTheNativeJarAutoFallsBackAndSaysWhy() throws Exception {
    assertThat(java("-cp", classPath(false), fallBack()))
        .contains("auto: java")
        .contains("cpu: device cpu cannot be used")
        .contains("classifier " + PLATFORM)
        .doesNotContain("Exception in");
  }

  /** The JVM says that it is another one, which is all that lenet4j asks about the system. */
  @ParameterizedTest
  @CsvSource({"Mac OS X, aarch64, macosx-arm64", "Windows 11, amd64, windows-x86_64"})
  void onOtherSystemsAutoFallsBackAndSaysWhy(String name, String arch, String platform)
      throws Exception {
    String reason =
        "there is no native code for " + platform + ", only for linux-x86_64 and linux-arm64";
    assertThat(
            java("-Dos.name=" + name, "-Dos.arch=" + arch, "-cp", classPath(true), fallBack())
                .lines()
                .filter(line -> line.matches("(WARNING|auto|cpu): .*")))
        .containsExactly(
            "WARNING: using the slow java engine, since the native one does not work: " + reason,
            "auto: java",
            "cpu: device cpu cannot be used: " + reason);
  }

  /** A program that opens the best engine, and fails to open the native one. */
  private String fallBack() throws IOException {
    String source =
        """
        import org.lenet4j.engine.Device;
        import org.lenet4j.training.LeNet;

        class FallBack {
          public static void main(String[] args) {
            try (LeNet net = LeNet.builder().build()) {
              System.out.println("auto: " + net.device());
            }
            try {
              LeNet.builder().device(Device.cpu()).build();
            } catch (org.lenet4j.LeNetException e) {
              System.out.println("cpu: " + e.getMessage());
            }
          }
        }
        """;
    return Files.writeString(directory.resolve("FallBack.java"), source).toString();
  }

  /** The packaged jars and the two library dependencies, without the build's own classes. */
  private static String classPath(boolean withNatives) {
    List<String> jars = new ArrayList<>();
    jars.add(ARTIFACT + ".jar");
    if (withNatives) {
      jars.add(ARTIFACT + "-" + PLATFORM + ".jar");
    }
    Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
        .filter(jar -> jar.matches(".*/(javacpp|jackson-core)-[^/]*\\.jar"))
        .forEach(jars::add);
    return String.join(File.pathSeparator, jars);
  }

  /** Runs the command line from the packaged jars, without the one of the CUDA engine. */
  private String cli(int status, String... arguments) throws Exception {
    String others =
        Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
            .filter(jar -> jar.endsWith(".jar"))
            .filter(jar -> !Path.of(jar).getFileName().toString().matches("(lenet4j|cuda)-.*"))
            .collect(Collectors.joining(File.pathSeparator));
    String[] main = {"-cp", classPath(true) + File.pathSeparator + others, "org.lenet4j.cli.Main"};
    return run(
        status, javaCommand(Stream.of(main, arguments).flatMap(Stream::of).toArray(String[]::new)));
  }

  private static Set<String> entries(String classifier) throws IOException {
    Set<String> names = new HashSet<>();
    try (JarFile jar = new JarFile(ARTIFACT + classifier + ".jar")) {
      jar.stream().filter(entry -> !entry.isDirectory()).map(ZipEntry::getName).forEach(names::add);
    }
    return names;
  }

  private static String text(String classifier, String name) throws IOException {
    try (JarFile jar = new JarFile(ARTIFACT + classifier + ".jar")) {
      return new String(jar.getInputStream(jar.getEntry(name)).readAllBytes(), UTF_8);
    }
  }

  private String[] javaCommand(String... arguments) {
    return command(Path.of(System.getProperty("java.home")), arguments);
  }

  private String[] command(Path javaHome, String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(javaHome.resolve(Path.of("bin", "java")).toString());
    command.add("-Dlenet4j.cache=" + directory.resolve("cache"));
    command.addAll(List.of(arguments));
    return command.toArray(String[]::new);
  }

  private String java(String... arguments) throws Exception {
    return run(javaCommand(arguments));
  }

  private String run(String... command) throws Exception {
    return run(0, command);
  }

  private String run(int status, String... command) throws Exception {
    Path out = directory.resolve("output.txt");
    int ended = Processes.run(builder(out, command), 300);
    String text = Files.readString(out);
    assertThat(ended).as(text).isEqualTo(status);
    return text;
  }

  private ProcessBuilder builder(Path out, String... command) {
    return new ProcessBuilder(command)
        .directory(directory.toFile())
        .redirectErrorStream(true)
        .redirectOutput(out.toFile());
  }
}
