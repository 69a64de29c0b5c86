package org.lenet4j;

import static javax.lang.model.element.Modifier.PUBLIC;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.source.doctree.DocCommentTree;
import com.sun.source.doctree.DocTree;
import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.util.DocTrees;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TreePath;
import com.sun.source.util.TreePathScanner;
import java.io.IOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.Executable;
import java.lang.reflect.Field;
import java.lang.reflect.Member;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Type;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;

/** What users can call changes only on purpose, and every type says since when it is there. */
class ApiTest {
  private static final Path SIGNATURES = Path.of("release", "api.txt");
  private static final JavaCompiler COMPILER = ToolProvider.getSystemJavaCompiler();
  private static final Pattern SHORT_CONSTRUCTOR = Pattern.compile(" *public \\w+ \\{");
  private static final Pattern OWN_TYPE = Pattern.compile("org\\.lenet4j(\\.\\w+)*\\.[A-Z]\\w*");

  @Test
  void signaturesAreThoseOfTheCommittedFile() throws IOException {
    String api = api();
    Path made = Files.writeString(Path.of("target", "api.txt"), api);
    assertThat(SIGNATURES)
        .as("if the API is meant to change as CONTRIBUTING.md allows: cp %s %s", made, SIGNATURES)
        .hasContent(api);
  }

  @Test
  void signaturesNameExportedTypesOnly() throws IOException {
    Set<String> exported =
        types().stream().map(Class::getName).collect(Collectors.toCollection(HashSet::new));
    assertThat(OWN_TYPE.matcher(api()).results().map(MatchResult::group)).isSubsetOf(exported);
  }

  @Test
  void everyTypeSaysSinceWhen() throws IOException {
    List<String> without = new ArrayList<>();
    try (StandardJavaFileManager files = COMPILER.getStandardFileManager(null, null, null)) {
      JavacTask task = task(files, new DiagnosticCollector<>(), List.of());
      DocTrees trees = DocTrees.instance(task);
      for (CompilationUnitTree unit : task.parse()) {
        new TreePathScanner<Void, Void>() {
          @Override
          public Void visitClass(ClassTree type, Void unused) {
            if (isPublic(getCurrentPath()) && !saysSince(trees, getCurrentPath())) {
              without.add(unit.getPackageName() + "." + type.getSimpleName());
            }
            return super.visitClass(type, null);
          }
        }.scan(unit, null);
      }
    }
    assertThat(without).as("public types without @since").isEmpty();
  }

  /**
   * As {@code javadoc -Xdoclint:all}, but for the short constructors of records, where it would
   * have every component explained a second time.
   */
  @Test
  void documentationIsComplete() throws IOException {
    DiagnosticCollector<JavaFileObject> found = new DiagnosticCollector<>();
    try (StandardJavaFileManager files = COMPILER.getStandardFileManager(found, null, null)) {
      String classPath = System.getProperty("java.class.path");
      task(files, found, List.of("-Xdoclint:all/protected", "-cp", classPath)).analyze();
      List<String> warnings = new ArrayList<>();
      for (Diagnostic<? extends JavaFileObject> warning : found.getDiagnostics()) {
        String source = warning.getSource() == null ? "" : warning.getSource().getName();
        if (!source.isEmpty()
            && !SHORT_CONSTRUCTOR.matcher(line(source, warning.getLineNumber())).matches()) {
          warnings.add(source + ":" + warning.getLineNumber() + ": " + warning.getMessage(null));
        }
      }
      assertThat(warnings).isEmpty();
    }
  }

  private static String line(String file, long number) throws IOException {
    return Files.readAllLines(Path.of(file)).get((int) number - 1);
  }

  /** A compilation of what is exported, without processors. */
  private static JavacTask task(
      StandardJavaFileManager files,
      DiagnosticCollector<JavaFileObject> found,
      List<String> options)
      throws IOException {
    List<String> all = new ArrayList<>(options);
    all.add("-proc:none");
    return (JavacTask)
        COMPILER.getTask(null, files, found, all, null, files.getJavaFileObjects(sources()));
  }

  /** Nested types of interfaces are public without saying so; there are none. */
  private static boolean isPublic(TreePath type) {
    return ((ClassTree) type.getLeaf()).getModifiers().getFlags().contains(PUBLIC)
        && (!(type.getParentPath().getLeaf() instanceof ClassTree)
            || isPublic(type.getParentPath()));
  }

  private static boolean saysSince(DocTrees trees, TreePath type) {
    DocCommentTree comment = trees.getDocCommentTree(type);
    return comment != null
        && comment.getBlockTags().stream().anyMatch(tag -> tag.getKind() == DocTree.Kind.SINCE);
  }

  private static Path[] sources() throws IOException {
    List<Path> sources = new ArrayList<>();
    for (String name : PublicApi.packages()) {
      try (Stream<Path> files = Files.list(Path.of("java", name.split("\\.")))) {
        files.filter(file -> file.toString().endsWith(".java")).sorted().forEach(sources::add);
      }
    }
    return sources.toArray(Path[]::new);
  }

  /** The types that users see. */
  private static List<Class<?>> types() throws IOException {
    return PublicApi.types().stream().filter(ApiTest::isVisible).toList();
  }

  private static boolean isVisible(Class<?> type) {
    return isVisible(type.getModifiers())
        && (type.getEnclosingClass() == null || isVisible(type.getEnclosingClass()));
  }

  private static boolean isVisible(int modifiers) {
    return Modifier.isPublic(modifiers) || Modifier.isProtected(modifiers);
  }

  /** All that a user's program can name: a type a line, its members below it. */
  private static String api() throws IOException {
    var text = new TreeMap<String, Set<String>>();
    for (Class<?> type : types()) {
      Set<String> members = new TreeSet<>();
      for (Field field : type.getDeclaredFields()) {
        add(members, field, field.getGenericType().getTypeName() + " " + field.getName());
      }
      for (Constructor<?> constructor : type.getDeclaredConstructors()) {
        add(members, constructor, "new" + parameters(constructor));
      }
      for (Method method : type.getDeclaredMethods()) {
        String result = method.getGenericReturnType().getTypeName();
        add(members, method, result + " " + method.getName() + parameters(method));
      }
      text.put(header(type), members);
    }
    StringBuilder lines = new StringBuilder();
    text.forEach(
        (type, members) -> {
          lines.append(type).append('\n');
          members.forEach(member -> lines.append("  ").append(member).append('\n'));
        });
    return lines.toString();
  }

  private static void add(Set<String> members, Member member, String signature) {
    if (isVisible(member.getModifiers()) && !member.isSynthetic()) {
      members.add(modifiers(member.getModifiers()) + signature);
    }
  }

  private static String parameters(Executable member) {
    return names(member.getGenericParameterTypes(), "(", ")")
        + names(member.getGenericExceptionTypes(), " throws ", "");
  }

  private static String header(Class<?> type) {
    String kind = "class";
    if (type.isRecord()) {
      kind = "record";
    } else if (type.isEnum()) {
      kind = "enum";
    } else if (type.isInterface()) {
      kind = "interface";
    }
    Type parent = type.getGenericSuperclass();
    return type.getName()
        + ": "
        + modifiers(type.getModifiers())
        + kind
        + (parent == null ? "" : " extends " + parent.getTypeName())
        + names(type.getGenericInterfaces(), " implements ", "");
  }

  /** Those that callers and subclasses depend on. */
  private static String modifiers(int modifiers) {
    int kept = Modifier.PROTECTED | Modifier.STATIC | Modifier.FINAL | Modifier.ABSTRACT;
    String text = Modifier.toString(modifiers & kept);
    return text.isEmpty() ? "" : text + " ";
  }

  private static String names(Type[] types, String begin, String end) {
    if (types.length == 0 && end.isEmpty()) {
      return "";
    }
    return Arrays.stream(types)
        .map(Type::getTypeName)
        .collect(Collectors.joining(", ", begin, end));
  }
}
