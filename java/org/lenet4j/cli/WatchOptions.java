package org.lenet4j.cli;

import java.util.List;
import java.util.Optional;
import org.lenet4j.report.LivePage;
import org.lenet4j.report.Run;
import org.lenet4j.training.Checkpoint;
import picocli.CommandLine.Option;

/** How to watch a training elsewhere than on the terminal. */
final class WatchOptions {
  @Option(
      names = "--live",
      paramLabel = "PORT",
      arity = "0..1",
      fallbackValue = "0",
      converter = Converters.Port.class,
      description = {
        "Show the training in a browser of this machine, at http://127.0.0.1:PORT/ (default: a"
            + " free port), with a button to stop it."
      })
  private Integer port;

  /** Begins to show a run, from its last checkpoint on if there is one. */
  Watchers open(Run run, Optional<Checkpoint> checkpoint, Output output) {
    Optional<LivePage> page =
        Optional.ofNullable(port)
            .map(
                number ->
                    LivePage.open(
                        number,
                        run,
                        checkpoint.map(Checkpoint::history).orElse(List.of()),
                        checkpoint.map(Checkpoint::curve).orElse(List.of())));
    page.ifPresent(open -> output.info("live at " + open.address()));
    return new Watchers(page);
  }
}
