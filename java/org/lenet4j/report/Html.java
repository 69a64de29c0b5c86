package org.lenet4j.report;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A piece of a page. Whatever goes into one is escaped, unless it is a piece itself, so that text
 * from files cannot become markup.
 *
 * @param markup HTML that is well-formed XML too
 */
record Html(String markup) {
  static final Html EMPTY = new Html("");

  private static final Pattern PLACEHOLDER = Pattern.compile("\\{\\{(\\w+)}}");

  /**
   * Fills in a format of {@link String#format}.
   *
   * @param markup constant
   * @param values numbers, pieces, or text
   */
  static Html of(String markup, Object... values) {
    return new Html(
        String.format(Locale.US, markup, Arrays.stream(values).map(Html::safe).toArray()));
  }

  /**
   * Fills in a file of this package.
   *
   * @param values for every {{name}} in it
   */
  static Html template(String file, Map<String, ?> values) {
    return new Html(
        PLACEHOLDER
            .matcher(resource(file))
            .replaceAll(
                match ->
                    Matcher.quoteReplacement(
                        String.valueOf(safe(required(values, match.group(1)))))));
  }

  private static Object required(Map<String, ?> values, String name) {
    return Objects.requireNonNull(values.get(name), name);
  }

  static Html join(Stream<Html> pieces) {
    return new Html(pieces.map(Html::markup).collect(Collectors.joining("\n")));
  }

  /** A share of 0 to 1; a hyphen for NaN, where there is nothing to take a share of. */
  static Html share(double value) {
    return Double.isNaN(value) ? new Html("-") : of("%.3f", value);
  }

  private static Object safe(Object value) {
    if (value instanceof Html piece) {
      return piece.markup;
    }
    return value instanceof Number ? value : escape(String.valueOf(value));
  }

  private static String escape(String text) {
    StringBuilder escaped = new StringBuilder(text.length());
    text.codePoints()
        .forEach(
            c -> {
              switch (c) {
                case '&' -> escaped.append("&amp;");
                case '<' -> escaped.append("&lt;");
                case '>' -> escaped.append("&gt;");
                case '"' -> escaped.append("&quot;");
                case '\'' -> escaped.append("&#39;");
                default -> escaped.appendCodePoint(isCharacter(c) ? c : 0xfffd);
              }
            });
    return escaped.toString();
  }

  /** What both HTML and XML allow in text. */
  private static boolean isCharacter(int c) {
    boolean control = c < 0x20 && c != '\t' && c != '\n' && c != '\r';
    boolean surrogate = c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE;
    return !control && !surrogate && c != 0xfffe && c != 0xffff;
  }

  static String resource(String file) {
    try (InputStream in = Html.class.getResourceAsStream(file)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
