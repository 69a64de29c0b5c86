package org.lenet4j.report;

import java.util.Map;
import java.util.Objects;

/**
 * What a page says of a run beside its results.
 *
 * @param title short, such as the name of its folder
 * @param description one line on the network and where it was trained
 * @param command that repeats it
 * @param configuration what to know for that, by name, in the order to show
 * @since 0.1.0
 */
public record Run(
    String title, String description, String command, Map<String, String> configuration) {
  public Run {
    Objects.requireNonNull(title, "title must not be null");
    Objects.requireNonNull(description, "description must not be null");
    Objects.requireNonNull(command, "command must not be null");
    Objects.requireNonNull(configuration, "configuration must not be null");
  }
}
