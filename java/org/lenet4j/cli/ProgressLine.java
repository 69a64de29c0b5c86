package org.lenet4j.cli;

import java.util.List;
import me.tongfei.progressbar.ProgressBarRenderer;
import me.tongfei.progressbar.ProgressState;

/** The line that shows a training under way: what fits of its parts, and a bar if there is room. */
final class ProgressLine implements ProgressBarRenderer {
  private static final String GAP = "  ";
  private static final int LEAST_BAR = 5;
  private static final int MOST_BAR = 30;

  private volatile List<String> parts = List.of();

  /** Replaces the parts; those that matter most come first. */
  void show(List<String> value) {
    parts = List.copyOf(value);
  }

  @Override
  public String render(ProgressState state, int width) {
    return line(parts, state.getNormalizedProgress(), width);
  }

  static String line(List<String> parts, double share, int width) {
    StringBuilder line = new StringBuilder();
    for (String part : parts) {
      String gap = line.isEmpty() ? "" : GAP;
      if (line.length() + gap.length() + part.length() > width) {
        return line.toString(); // Half a number would be a wrong one.
      }
      line.append(gap).append(part);
    }
    int bar = Math.min(MOST_BAR, width - line.length() - GAP.length() - 2);
    if (bar >= LEAST_BAR) {
      int done = (int) (share * bar);
      line.append(GAP).append('[').append("=".repeat(done)).append(" ".repeat(bar - done));
      line.append(']');
    }
    return line.toString();
  }
}
