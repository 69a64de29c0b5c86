package org.lenet4j.cli;

import java.io.Console;
import java.io.PrintStream;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** Where the lines of a command go. */
final class Output {
  private static final int UPDATE_MILLIS = 200;

  private final PrintStream out = System.out;
  private final boolean quiet;
  private final boolean json;
  private final boolean terminal = isTerminal();

  Output() {
    this(false, false);
  }

  /** With --json, lines for people are left out and lines for machines are not. */
  Output(boolean quiet, boolean json) {
    this.quiet = quiet;
    this.json = json;
  }

  /** Whether {@link #info} prints anything, for what takes long to find out. */
  boolean showsInfo() {
    return !quiet && !json;
  }

  /** A line that --quiet leaves out. */
  void info(String line) {
    if (showsInfo()) {
      out.println(line);
    }
  }

  /** A line that says what came out in the end. */
  void result(String line) {
    if (!json) {
      out.println(line);
    }
  }

  /** A JSON object for a machine, alone on its line. */
  void json(String line) {
    if (json) {
      out.println(line);
    }
  }

  /** A line that something did not work which is no reason to stop. */
  void warn(String line) {
    System.err.println("warning: " + line);
  }

  /** Whether progress bars make sense: somebody watches and wants them. */
  boolean showsBars() {
    return terminal && showsInfo();
  }

  /** A bar that leaves nothing behind when it is closed. */
  ProgressBarBuilder bar() {
    return new ProgressBarBuilder()
        .setConsumer(new ConsoleProgressBarConsumer(out))
        .setStyle(ProgressBarStyle.ASCII)
        .setUpdateIntervalMillis(UPDATE_MILLIS)
        .clearDisplayOnFinish();
  }

  /** Since JDK 22 there is a Console without a terminal too, and a method that tells. */
  @SuppressWarnings("SystemConsoleNull")
  private static boolean isTerminal() {
    Console console = System.console();
    if (console == null) {
      return false;
    }
    try {
      return (boolean) Console.class.getMethod("isTerminal").invoke(console);
    } catch (NoSuchMethodException e) {
      return true;
    } catch (ReflectiveOperationException e) {
      return false;
    }
  }
}
