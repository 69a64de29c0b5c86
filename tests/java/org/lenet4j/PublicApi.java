package org.lenet4j;

import java.io.IOException;
import java.io.InputStream;
import java.lang.module.ModuleDescriptor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** What the module exports to everybody. */
final class PublicApi {
  private static final Path CLASSES = Path.of("target", "classes");

  private PublicApi() {}

  /** The names of the packages, in order. */
  static List<String> packages() throws IOException {
    try (InputStream in = Files.newInputStream(CLASSES.resolve("module-info.class"))) {
      return ModuleDescriptor.read(in).exports().stream()
          .filter(exports -> !exports.isQualified())
          .map(ModuleDescriptor.Exports::source)
          .sorted()
          .toList();
    }
  }

  /** All types of these packages, also those that only their package sees. */
  static List<Class<?>> types() throws IOException {
    List<Class<?>> types = new ArrayList<>();
    for (String name : packages()) {
      try (Stream<Path> files = Files.list(CLASSES.resolve(name.replace('.', '/')))) {
        for (Path file : files.sorted().toList()) {
          String simpleName = file.getFileName().toString();
          if (simpleName.endsWith(".class")) {
            types.add(Class.forName(name + "." + simpleName.replace(".class", "")));
          }
        }
      } catch (ClassNotFoundException e) {
        throw new AssertionError(e);
      }
    }
    return types;
  }
}
