package org.lenet4j.cli;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.logging.Formatter;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/**
 * What the library logs, as one line without time and place. A {@link
 * java.util.logging.SimpleFormatter} can do that too, but reads the time zones and the levels'
 * translations for each line, which takes long in a JVM that has just started.
 */
final class LogFormatter extends Formatter {
  /** Makes the root logger use this format, unless the user has chosen another one. */
  static void install() {
    if (System.getProperty("java.util.logging.SimpleFormatter.format") == null
        && System.getProperty("java.util.logging.config.file") == null) {
      for (Handler handler : Logger.getLogger("").getHandlers()) {
        handler.setFormatter(new LogFormatter());
      }
    }
  }

  @Override
  public String format(LogRecord record) {
    StringWriter text = new StringWriter();
    PrintWriter out = new PrintWriter(text);
    out.println(record.getLevel().getName() + ": " + formatMessage(record));
    if (record.getThrown() != null) {
      record.getThrown().printStackTrace(out);
    }
    return text.toString();
  }
}
