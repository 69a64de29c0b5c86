package org.lenet4j.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.lenet4j.report.EventFile;
import org.lenet4j.report.LivePage;
import org.lenet4j.report.Run;
import org.lenet4j.training.Checkpoint;
import picocli.CommandLine.Option;

/** How to watch a training elsewhere than on the terminal. */
final class WatchOptions {
  /** Limits of the JDK's server, which has no other switches for them. */
  private static final Map<String, String> SERVER_LIMITS =
      Map.of(
          "jdk.httpserver.maxConnections", "64",
          "sun.net.httpserver.maxReqHeaderSize", "16384");

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

  @Option(
      names = "--tensorboard",
      paramLabel = "DIR",
      description = {
        "Write the scalars for TensorBoard too, in a folder of the run's name in this one."
      })
  private Path tensorboard;

  /**
   * Fails on what {@link #open} would fail on, but before there is a run folder.
   *
   * @throws org.lenet4j.LeNetException if the port or the folder cannot be used
   */
  void check() {
    if (port != null) {
      // The whole JVM's, and this command's JVM has no other server.
      SERVER_LIMITS.forEach(System.getProperties()::putIfAbsent);
      LivePage.requireUsable(port);
    }
    if (tensorboard != null) {
      EventFile.requireUsable(tensorboard);
    }
  }

  /** Begins to show a run, from its last checkpoint on if there is one. */
  Watchers open(Run run, Optional<Checkpoint> checkpoint, Output output) {
    // The page last: a server that is left open keeps the JVM from ending.
    Optional<EventFile> events =
        Optional.ofNullable(tensorboard).map(parent -> new EventFile(parent.resolve(run.title())));
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
    return new Watchers(page, events);
  }
}
