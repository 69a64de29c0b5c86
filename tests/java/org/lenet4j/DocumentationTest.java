package org.lenet4j;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.io.StringWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The Java in the documentation compiles and runs, and what is said twice is the same. */
class DocumentationTest {
  private static final Pattern JAVA_BLOCK = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);

  private static final Pattern HEADING_OR_JAVA_BLOCK =
      Pattern.compile(
          "^#+ ([^\n]*)\n|^" + JAVA_BLOCK.pattern(), Pattern.DOTALL | Pattern.MULTILINE);
  private static final Pattern CODE_BLOCK = Pattern.compile("```.*?```", Pattern.DOTALL);

  private static final Path TUTORIAL = Path.of("docs", "tutorial.md");
  private static final Path NOTEBOOK = Path.of("docs", "tutorial.jsh");

  /** Half a minute where nothing else runs. */
  private static final long NOTEBOOK_SECONDS = 600;

  @TempDir private Path directory;

  @Test
  void readmeExampleCompiles() throws IOException {
    String code = javaBlocks(Path.of("README.md"));
    assertThat(code).contains("class Train");
    compile("Train", code);
  }

  @Test
  void tutorialCompilesFromTopToBottom() throws IOException {
    List<String> lines = javaBlocks(TUTORIAL).lines().toList();
    assertThat(lines).contains("Training run = trainer.fit(net, train, test);");
    compile(
        "Tutorial",
        joined(lines.stream().filter(DocumentationTest::isImport))
            + "class Tutorial { public static void main(String[] args) {\n"
            + joined(lines.stream().filter(line -> !isImport(line)))
            + "}}");
  }

  private static boolean isImport(String line) {
    return line.startsWith("import ");
  }

  private static String joined(Stream<String> lines) {
    return lines.collect(Collectors.joining("\n", "", "\n"));
  }

  @Test
  void notebookHoldsTheTutorialsSnippets() throws IOException {
    String notebook = notebook(Files.readString(TUTORIAL));
    Path made = Files.writeString(Path.of("target", "tutorial.jsh"), notebook);
    assertThat(NOTEBOOK).as("replace it by %s", made).hasContent(notebook);
  }

  /** The headings and snippets of a tutorial, for JShell. */
  private static String notebook(String tutorial) {
    StringBuilder notebook = new StringBuilder();
    Matcher part = HEADING_OR_JAVA_BLOCK.matcher(tutorial);
    while (part.find()) {
      notebook.append(part.group(1) == null ? part.group(2) : "\n// " + part.group(1) + "\n");
    }
    return "// Made from tutorial.md, which explains it; see there how to run it.\n" + notebook;
  }

  /** The chapter's ten epochs, the modern recipe's twenty and five more, on the real images. */
  @Test
  void notebookRuns() throws IOException {
    Path output = directory.resolve("output.txt");
    ProcessBuilder jshell =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "jshell").toString(),
                "-s",
                "-R--enable-native-access=ALL-UNNAMED",
                "--class-path",
                absolute(System.getProperty("java.class.path")),
                NOTEBOOK.toAbsolutePath().toString(),
                Files.writeString(directory.resolve("exit.jsh"), "/exit\n").toString())
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile());
    Processes.run(jshell, NOTEBOOK_SECONDS);
    String text = Files.readString(output);
    assertThat(text)
        .doesNotContain("Error", "Exception", "|")
        .contains("Conv2d output shape: [1, 6, 28, 28]")
        .contains("Ankle boot")
        .containsPattern("loss 0\\.4\\d\\d, train acc 0\\.8\\d\\d, test acc 0\\.\\d{3}")
        .containsPattern("\\d+ examples/sec on cpu")
        .containsPattern("test acc 0\\.\\d{3} \\+- 0\\.00\\d")
        .contains("shirts were taken for pullovers");
    for (String file : List.of("last.safetensors", "lenet.safetensors", "lenet.onnx")) {
      assertThat(directory.resolve(file)).isNotEmptyFile();
    }
  }

  private static String absolute(String classPath) {
    return Arrays.stream(classPath.split(File.pathSeparator))
        .map(entry -> Path.of(entry).toAbsolutePath().toString())
        .collect(Collectors.joining(File.pathSeparator));
  }

  @Test
  void chineseReadmeHasTheSameCode() throws IOException {
    assertThat(codeBlocks(Path.of("README.zh-CN.md"))).isEqualTo(codeBlocks(Path.of("README.md")));
  }

  private static List<String> codeBlocks(Path file) throws IOException {
    return CODE_BLOCK.matcher(Files.readString(file)).results().map(MatchResult::group).toList();
  }

  private static String javaBlocks(Path file) throws IOException {
    StringBuilder code = new StringBuilder();
    Matcher block = JAVA_BLOCK.matcher(Files.readString(file));
    while (block.find()) {
      code.append(block.group(1));
    }
    return code.toString();
  }

  private void compile(String name, String code) {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    StringWriter messages = new StringWriter();
    SimpleJavaFileObject source =
        new SimpleJavaFileObject(
            URI.create("string:///" + name + ".java"), javax.tools.JavaFileObject.Kind.SOURCE) {
          @Override
          public CharSequence getCharContent(boolean ignoreEncodingErrors) {
            return code;
          }
        };
    List<String> options =
        List.of("-cp", System.getProperty("java.class.path"), "-d", directory.toString());
    boolean compiled =
        compiler.getTask(messages, null, null, options, null, List.of(source)).call();
    assertThat(compiled).as(messages + "\n" + code).isTrue();
  }
}
