package org.lenet4j.report;

import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Lines over epochs, as SVG: sharp at any size. Inline, its colours follow the page's. */
final class Chart {
  /**
   * A line.
   *
   * @param style class of the page's style sheet, which gives colour and dashes
   * @param marked whether each point is a dot too, with its values as a tooltip
   */
  record Line(String name, String style, List<Point> points, boolean marked) {}

  record Point(double x, double y) {}

  /** More than a screen has columns for. */
  private static final int MAX_POINTS = 1000;

  private static final int WIDTH = 420;
  private static final int HEIGHT = 270;
  private static final int LEFT = 46;
  private static final int RIGHT = 12;
  private static final int TOP = 28;
  private static final int BOTTOM = 38;
  private static final int LEGEND_WIDTH = 110;

  /** Height of a file's title. */
  private static final int TITLE = 26;

  private final String title;
  private final double xMax;
  private final double yMax;
  private final List<Line> lines;

  /**
   * Axes from 0 on.
   *
   * @param xMax at least 1
   * @param yMax the least that the vertical axis goes to
   */
  Chart(String title, double xMax, double yMax, List<Line> lines) {
    this.title = title;
    this.xMax = xMax;
    this.lines = lines;
    double top =
        lines.stream().flatMap(line -> line.points.stream()).mapToDouble(Point::y).max().orElse(0);
    double step = step(Math.max(top, yMax));
    this.yMax = Math.ceil(Math.max(top, yMax) / step - 1e-9) * step;
  }

  Html svg() {
    return Html.of(
        """
        <svg class="chart" viewBox="0 0 %d %d" role="img" aria-label="%s">
        %s
        </svg>""",
        WIDTH, HEIGHT, label(), content());
  }

  /** A file of its own, twice as large, with the title on it and its own style. */
  Html file() {
    return Html.of(
        """
        <svg xmlns="http://www.w3.org/2000/svg" class="chart" width="%d" height="%d" \
        viewBox="0 %d %d %d" role="img" aria-label="%s">
        <style>
        %s</style>
        <text class="middle" x="%d" y="-8">%s</text>
        %s
        </svg>
        """,
        2 * WIDTH,
        2 * (HEIGHT + TITLE),
        -TITLE,
        WIDTH,
        HEIGHT + TITLE,
        label(),
        new Html(Html.resource("chart.css")),
        WIDTH / 2,
        title,
        content());
  }

  private String label() {
    return title + ": " + summary();
  }

  private Html content() {
    return Html.join(Stream.of(grid(), legend(), drawn()));
  }

  /** For those who do not see the lines. */
  private String summary() {
    return lines.stream()
        .map(line -> line.name + (line.points.isEmpty() ? " has no points yet" : ends(line.points)))
        .collect(Collectors.joining("; "));
  }

  private static String ends(List<Point> points) {
    Point first = points.get(0);
    Point last = points.get(points.size() - 1);
    return String.format(Locale.US, " from %.3f to %.3f at epoch %.4g", first.y, last.y, last.x);
  }

  private Html grid() {
    double xStep = Math.max(1, step(xMax));
    double yStep = step(yMax);
    Stream<Html> rows =
        ticks(yMax, yStep)
            .map(
                value ->
                    Html.of(
                        "<path class=\"grid\" d=\"M%d %.1fH%d\"/><text class=\"tick end\" x=\"%d\""
                            + " y=\"%.1f\">%s</text>",
                        LEFT, y(value), WIDTH - RIGHT, LEFT - 6, y(value) + 4, number(value)));
    Stream<Html> columns =
        ticks(xMax, xStep)
            .map(
                value ->
                    Html.of(
                        "<path class=\"grid\" d=\"M%.1f %dv4\"/><text class=\"tick middle\""
                            + " x=\"%.1f\" y=\"%d\">%s</text>",
                        x(value), HEIGHT - BOTTOM, x(value), HEIGHT - BOTTOM + 17, number(value)));
    Html axis =
        Html.of(
            "<text class=\"tick middle\" x=\"%d\" y=\"%d\">epoch</text>",
            (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 4);
    return Html.join(Stream.of(rows, columns, Stream.of(axis)).flatMap(pieces -> pieces));
  }

  private Html legend() {
    return Html.join(
        IntStream.range(0, lines.size())
            .mapToObj(
                i ->
                    Html.of(
                        "<path class=\"line %s\" d=\"M%d 12h22\"/><text x=\"%d\" y=\"16\">%s</text>",
                        lines.get(i).style,
                        LEFT + i * LEGEND_WIDTH,
                        LEFT + 28 + i * LEGEND_WIDTH,
                        lines.get(i).name)));
  }

  private Html drawn() {
    return Html.join(lines.stream().flatMap(line -> Stream.of(path(line), dots(line))));
  }

  private Html path(Line line) {
    List<Point> points = line.points;
    int stride = 1 + points.size() / MAX_POINTS;
    String path =
        IntStream.range(0, points.size())
            .filter(i -> i % stride == 0 || i == points.size() - 1)
            .mapToObj(points::get)
            .map(point -> String.format(Locale.US, "%.1f %.1f", x(point.x), y(point.y)))
            .collect(Collectors.joining("L", "M", ""));
    String dot = points.size() == 1 ? "h0" : ""; // Its round ends make it visible.
    return points.isEmpty()
        ? Html.EMPTY
        : Html.of("<path class=\"line %s\" d=\"%s\"/>", line.style, path + dot);
  }

  private Html dots(Line line) {
    if (!line.marked || line.points.size() > MAX_POINTS) {
      return Html.EMPTY;
    }
    return Html.join(
        line.points.stream()
            .map(
                point ->
                    Html.of(
                        "<circle class=\"dot %s\" cx=\"%.1f\" cy=\"%.1f\" r=\"3\"><title>%s %.3f,"
                            + " epoch %s</title></circle>",
                        line.style, x(point.x), y(point.y), line.name, point.y, number(point.x))));
  }

  private double x(double value) {
    return LEFT + value / xMax * (WIDTH - LEFT - RIGHT);
  }

  private double y(double value) {
    return HEIGHT - BOTTOM - value / yMax * (HEIGHT - TOP - BOTTOM);
  }

  private static Stream<Double> ticks(double max, double step) {
    return IntStream.rangeClosed(0, (int) Math.floor(max / step + 1e-9)).mapToObj(i -> i * step);
  }

  /** 1, 2 or 5 times a power of ten: about five ticks to the range. */
  private static double step(double range) {
    double rough = range / 5;
    double power = Math.pow(10, Math.floor(Math.log10(rough)));
    double digit = rough / power;
    return power * (digit <= 1 ? 1 : digit <= 2 ? 2 : digit <= 5 ? 5 : 10);
  }

  /** Without digits that say nothing. */
  private static String number(double value) {
    return String.format(Locale.US, "%.6g", value)
        .replaceFirst("(\\.\\d*?)0+$", "$1")
        .replaceFirst("\\.$", "");
  }
}
