package org.lenet4j.engine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The shared libraries in this process, by the paths they were loaded from. */
final class LoadedLibraries {
  /** Linux marks files that another one has replaced since, as extraction may do. */
  private static final Pattern PATH = Pattern.compile("/.*?(?= \\(deleted\\)$|$)");

  private LoadedLibraries() {}

  /**
   * @param names a regular expression for file names
   */
  static List<String> matching(String names) {
    try (Stream<String> maps = Files.lines(Path.of("/proc/self/maps"))) {
      return maps.flatMap(line -> PATH.matcher(line).results())
          .map(result -> result.group())
          .filter(path -> path.substring(path.lastIndexOf('/') + 1).matches(names))
          .distinct()
          .sorted()
          .toList();
    } catch (IOException e) {
      return List.of();
    }
  }
}
