package org.lenet4j.engine;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;

/** The shared libraries in this process, by the paths they were loaded from. */
final class LoadedLibraries {
  /** Linux marks files that another one has replaced since, as extraction may do. */
  private static final Pattern PATH = Pattern.compile("/.*?(?= \\(deleted\\)$|$)");

  private LoadedLibraries() {}

  /**
   * @param names a regular expression for file names
   */
  static List<String> matching(String names) {
    try {
      // Decoded leniently, as a path may be any bytes.
      String maps = new String(Files.readAllBytes(Path.of("/proc/self/maps")), UTF_8);
      return maps.lines()
          .flatMap(line -> PATH.matcher(line).results())
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
