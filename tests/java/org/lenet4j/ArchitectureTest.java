package org.lenet4j;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The diagrams of docs/architecture.md have an arrow for every dependency, and no other. */
class ArchitectureTest {
  private static final Pattern DIAGRAM = Pattern.compile("```mermaid\n(.*?)```", Pattern.DOTALL);
  private static final Pattern ARROW = Pattern.compile("\\w+ --> \\w+");
  private static final Pattern PACKAGE = Pattern.compile("org\\.lenet4j\\.(\\w+).*");
  private static final Pattern INCLUDE = Pattern.compile("#include \"(\\w+)/");

  private static final List<Set<String>> DIAGRAMS = diagrams();

  @Test
  void packages() {
    Set<String> arrows = new TreeSet<>();
    for (JavaClass user :
        new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("org.lenet4j")) {
      for (Dependency dependency : user.getDirectDependenciesFromSelf()) {
        addArrow(arrows, part(user), part(dependency.getTargetClass()));
      }
    }
    assertThat(DIAGRAMS.get(0)).isEqualTo(arrows);
  }

  @Test
  void nativeFolders() throws IOException {
    Path root = Path.of("native");
    Set<String> arrows = new TreeSet<>();
    try (Stream<Path> files = Files.walk(root)) {
      for (Path file : (Iterable<Path>) files.filter(Files::isRegularFile)::iterator) {
        String user = root.relativize(file).getName(0).toString();
        Matcher include = INCLUDE.matcher(Files.readString(file));
        while (include.find()) {
          String used = include.group(1).equals("lenet") ? "include" : include.group(1);
          addArrow(arrows, Optional.of(user), Optional.of(used));
        }
      }
    }
    assertThat(DIAGRAMS.get(1)).isEqualTo(arrows);
  }

  private static Optional<String> part(JavaClass type) {
    Matcher matcher = PACKAGE.matcher(type.getPackageName());
    return matcher.matches() ? Optional.of(matcher.group(1)) : Optional.empty();
  }

  private static void addArrow(Set<String> arrows, Optional<String> user, Optional<String> used) {
    if (user.isPresent() && used.isPresent() && !user.equals(used)) {
      arrows.add(user.get() + " --> " + used.get());
    }
  }

  private static List<Set<String>> diagrams() {
    try {
      String page = Files.readString(Path.of("docs", "architecture.md"));
      return DIAGRAM
          .matcher(page)
          .results()
          .map(
              diagram ->
                  Set.copyOf(
                      ARROW.matcher(diagram.group(1)).results().map(MatchResult::group).toList()))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
