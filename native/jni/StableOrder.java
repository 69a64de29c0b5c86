import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Sorts what JavaCPP has generated, so that two builds make the same JNI library. JavaCPP writes
 * functions, classes and members in the order of Class.getDeclaredMethods, which differs from one
 * JVM to the next. Arguments: the generated sources, which are replaced.
 */
public final class StableOrder {
  private static final String NEXT_ROW = ",\n        ";

  private StableOrder() {}

  public static void main(String[] sources) throws IOException {
    for (String source : sources) {
      Path file = Path.of(source);
      try {
        String sorted = sortClasses(Files.readString(file));
        sorted = sort(sorted, "static void JavaCPP_\\w+_deallocate\\w*\\(.*\\n");
        sorted = sort(sorted, "JNIEXPORT \\w+ JNICALL Java_(?s:.*?)\\n}\\n");
        Files.writeString(file, sorted);
      } catch (IllegalStateException e) {
        throw new IOException(file + " is not laid out as by JavaCPP 1.5: " + e.getMessage(), e);
      }
    }
  }

  /** Sorts the matches of a pattern, between which there is nothing but white space. */
  private static String sort(String source, String pattern) {
    List<MatchResult> matches = Pattern.compile(pattern).matcher(source).results().toList();
    if (matches.isEmpty()) {
      return source;
    }
    int start = matches.get(0).start();
    int end = matches.get(matches.size() - 1).end();
    String between = source.substring(start, end).replaceAll(pattern, "");
    check(between.isBlank(), "between the matches of " + pattern + " stands " + between.strip());
    String sorted = matches.stream().map(MatchResult::group).sorted().collect(Collectors.joining());
    return source.substring(0, start) + sorted + source.substring(end);
  }

  /** Sorts the tables of classes and their members, and renumbers the classes in the code. */
  private static String sortClasses(String source) {
    String[] classes = rows(source, "classNames");
    String[] members = rows(source, "members");
    String[] offsets = rows(source, "offsets");
    String[] sizes = table(source, "memberOffsetSizes").group(2).split(", ");
    int[] order =
        IntStream.range(0, classes.length)
            .boxed()
            .sorted(Comparator.comparing(i -> classes[i]))
            .mapToInt(i -> i)
            .toArray();
    for (int i = 0; i < classes.length; i++) {
      sortMembers(members, offsets, i);
    }
    String sorted = replace(source, "classNames", permute(classes, order), NEXT_ROW);
    sorted = replace(sorted, "members", permute(members, order), NEXT_ROW);
    sorted = replace(sorted, "offsets", permute(offsets, order), NEXT_ROW);
    sorted = replace(sorted, "memberOffsetSizes", permute(sizes, order), ", ");
    int[] renumbered = new int[order.length];
    for (int i = 0; i < order.length; i++) {
      renumbered[order[i]] = i;
    }
    return Pattern.compile("(JavaCPP_\\w+\\(env, )(\\d+)")
        .matcher(sorted)
        .replaceAll(use -> use.group(1) + renumbered[Integer.parseInt(use.group(2))]);
  }

  /** Sorts one class's members by name, each with its offset. */
  private static void sortMembers(String[] members, String[] offsets, int row) {
    String[] names = columns(members[row], ", ");
    String[] values = columns(offsets[row], ", (?=sizeof|offsetof)");
    check(names.length == values.length, "not as many offsets as members in " + members[row]);
    Integer[] order = IntStream.range(0, names.length).boxed().toArray(Integer[]::new);
    Arrays.sort(order, Comparator.comparing(i -> names[i]));
    members[row] = braces(Stream.of(order).map(i -> names[i]));
    offsets[row] = braces(Stream.of(order).map(i -> values[i]));
  }

  private static String[] columns(String row, String separator) {
    check(row.startsWith("{ ") && row.endsWith(" }"), "no braces around " + row);
    return row.substring(2, row.length() - 2).split(separator);
  }

  private static String braces(Stream<String> columns) {
    return columns.collect(Collectors.joining(", ", "{ ", " }"));
  }

  private static String[] permute(String[] rows, int[] order) {
    return IntStream.of(order).mapToObj(i -> rows[i]).toArray(String[]::new);
  }

  private static String[] rows(String source, String name) {
    Matcher table = table(source, name);
    String[] rows = table.group(2).split(NEXT_ROW);
    check(
        rows.length == Integer.parseInt(table.group(1)),
        "not the declared number of rows in JavaCPP_" + name);
    return rows;
  }

  private static String replace(String source, String name, String[] rows, String separator) {
    Matcher table = table(source, name);
    return source.substring(0, table.start(2))
        + String.join(separator, rows)
        + source.substring(table.end(2));
  }

  /** The table of that name: group 1 is its first dimension, group 2 its rows. */
  private static Matcher table(String source, String name) {
    Matcher table =
        Pattern.compile(
                " JavaCPP_" + name + "\\[(\\d+)][^=\n]* = \\{\\s+(.*?) };\n", Pattern.DOTALL)
            .matcher(source);
    check(table.find(), "no JavaCPP_" + name);
    return table;
  }

  private static void check(boolean holds, String what) {
    if (!holds) {
      throw new IllegalStateException(what);
    }
  }
}
