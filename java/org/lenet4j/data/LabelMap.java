package org.lenet4j.data;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.lenet4j.LeNetException;

/**
 * Which class a label stands for, and the classes' names; for data sets whose labels leave numbers
 * out, and for names that lie beside the data.
 *
 * <p>A file has one line for each class, in the order of the classes: a label, then the codes of
 * the class's characters, as in the mapping files of EMNIST ({@code 1 65 97} makes label 1 the
 * class {@code A/a}), or a name ({@code 1 Trouser}).
 *
 * @since 0.1.0
 */
public final class LabelMap {
  private static final Pattern LINE = Pattern.compile("(\\d{1,9})\\s+(\\S.*)");
  private static final Pattern CODES = Pattern.compile("\\d{1,7}(\\s+\\d{1,7})*");

  private final Path file;
  private final Map<Integer, Integer> classes = new LinkedHashMap<>();
  private final List<String> names = new ArrayList<>();

  private LabelMap(Path file) {
    this.file = file;
  }

  /**
   * Reads a file.
   *
   * @param file in UTF-8
   * @return the map
   * @throws LeNetException if it cannot be read or is no such file
   */
  public static LabelMap read(Path file) {
    Objects.requireNonNull(file, "file must not be null");
    List<String> lines;
    try {
      lines = Files.readAllLines(file);
    } catch (IOException e) {
      throw FileFaults.unreadable(file, e);
    }
    LabelMap map = new LabelMap(file);
    for (int i = 0; i < lines.size(); i++) {
      if (!lines.get(i).isBlank()) {
        map.add("line " + (i + 1), lines.get(i).strip());
      }
    }
    if (map.names.isEmpty() || map.names.size() > Dataset.MAX_CLASSES) {
      throw FileFaults.malformed(
          file,
          "the whole file",
          map.names.size() + " labels",
          "1 to " + Dataset.MAX_CLASSES,
          "write one line for each class");
    }
    return map;
  }

  private void add(String where, String line) {
    var matcher = LINE.matcher(line);
    String name = matcher.matches() ? name(matcher.group(2)) : "";
    if (name.isEmpty()) {
      throw FileFaults.malformed(
          file,
          where,
          "'" + line + "'",
          "a label and its characters' codes, such as '1 65 97', or a name",
          "correct the line");
    }
    Integer before = classes.put(Integer.parseInt(matcher.group(1)), names.size());
    if (before != null) {
      throw FileFaults.malformed(
          file, where, "label " + matcher.group(1), "each label once", "remove one of its lines");
    }
    names.add(name);
  }

  /** Empty if a code is not that of a visible character. */
  private static String name(String text) {
    if (!CODES.matcher(text).matches()) {
      return text;
    }
    List<Integer> codes = Stream.of(text.split("\\s+", -1)).map(Integer::valueOf).toList();
    boolean visible =
        codes.stream()
            .allMatch(
                code ->
                    Character.isDefined(code)
                        && !Character.isISOControl(code)
                        && !Character.isWhitespace(code));
    return visible ? codes.stream().map(Character::toString).collect(Collectors.joining("/")) : "";
  }

  /** {@return the names of the classes in their order} */
  public List<String> names() {
    return List.copyOf(names);
  }

  /** The class that a label stands for, from 0. */
  int classOf(int label) {
    Integer found = classes.get(label);
    if (found == null) {
      throw new LeNetException(
          "the data have label %d, which %s does not have: use the map of this data set"
              .formatted(label, file));
    }
    return found;
  }
}
