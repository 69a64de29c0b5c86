package org.lenet4j;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.StringWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.JavaCompiler;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The Java in the documentation compiles against the API as it is. */
class DocumentationTest {
  private static final Pattern JAVA_BLOCK = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);

  @TempDir private Path directory;

  @Test
  void readmeExampleCompiles() throws IOException {
    String code = javaBlocks(Path.of("README.md"));
    assertThat(code).contains("class Train");
    compile("Train", code);
  }

  @Test
  void tutorialCompilesFromTopToBottom() throws IOException {
    String code = javaBlocks(Path.of("docs", "tutorial.md"));
    assertThat(code).contains("Trainer.classic()");
    compile(
        "Tutorial",
        """
        import java.nio.file.Path;
        import org.lenet4j.data.*;
        import org.lenet4j.engine.*;
        import org.lenet4j.training.*;

        class Tutorial {
          public static void main(String[] args) {
        """
            + code
            + "}}");
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
