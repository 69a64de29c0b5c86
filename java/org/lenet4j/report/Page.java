package org.lenet4j.report;

import java.util.Map;
import org.lenet4j.Version;

/** The whole page around its parts. */
final class Page {
  /** Nothing may be fetched from anywhere, and nothing runs. */
  private static final String POLICY =
      "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none';"
          + " form-action 'none'";

  private Page() {}

  /** One that stays as it is. */
  static Html still(Run run, Html progress, Html results) {
    return of(run, POLICY, Html.EMPTY, progress, results);
  }

  /**
   * Puts the parts together.
   *
   * @param policy the Content-Security-Policy
   * @param control of a training that is under way
   */
  static Html of(Run run, String policy, Html control, Html progress, Html results) {
    return Html.template(
        "page.html",
        Map.of(
            "title",
            run.title(),
            "description",
            run.description(),
            "version",
            Version.current(),
            "policy",
            policy,
            "style",
            new Html(Html.resource("report.css")),
            "control",
            control,
            "progress",
            progress,
            "results",
            results,
            "command",
            run.command(),
            "configuration",
            configuration(run)));
  }

  private static Html configuration(Run run) {
    return Html.join(
        run.configuration().entrySet().stream()
            .map(
                entry ->
                    Html.of(
                        "<tr><th scope=\"row\">%s</th><td>%s</td></tr>",
                        entry.getKey(), entry.getValue())));
  }
}
