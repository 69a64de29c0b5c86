package org.lenet4j.report;

import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.lenet4j.report.LiveServer.Event;
import org.lenet4j.training.CurvePoint;
import org.lenet4j.training.Epoch;
import org.lenet4j.training.Progress;

/**
 * The page on a training that is under way, served to browsers on this machine: the chapter's
 * animated plot, and a button to stop. The training hands over its progress and never waits for
 * those who watch. It limits its threads, its streams and how long it waits for a client. The
 * number of connections is limited only by the JVM-wide property {@code
 * jdk.httpserver.maxConnections}, which the command line sets.
 *
 * <pre>{@code
 * try (LivePage page = LivePage.open(0, run, List.of(), List.of())) {
 *   Training training = trainer.onProgress(page).stopWhen(page::stopRequested).fit(net, train, test);
 *   page.finish(Report.of(run, net, test, training), "The training has ended.");
 * }
 * }</pre>
 *
 * @since 0.1.0
 */
public final class LivePage implements Consumer<Progress>, AutoCloseable {
  private static final long PATIENCE_MILLIS = 10_000;

  /** No screen needs more pictures a second, and the processors have better things to do. */
  private static final long REDRAW_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

  private final Run run;
  private final LiveServer server;
  private volatile boolean stopRequested;

  // What there is to show; the lock is held for copying only.
  private final List<CurvePoint> curve;
  private final List<Epoch> history;
  private String status = "The training begins";
  private double share;
  private long version;

  // What was drawn of it last.
  private final Object drawing = new Object();
  private long drawnVersion = -1;
  private long drawnNanos;
  private Html drawn = Html.EMPTY;

  /**
   * Begins to serve the page.
   *
   * @param patienceMillis after which idle clients are cut off
   */
  LivePage(int port, long patienceMillis, Run run, List<Epoch> history, List<CurvePoint> curve) {
    this.run = run;
    this.history = new ArrayList<>(history);
    this.curve = new ArrayList<>(curve);
    this.server = new LiveServer(port, patienceMillis, new Content());
  }

  /**
   * Begins to serve the page on 127.0.0.1.
   *
   * @param port 0 for any that is free
   * @param run what the page says of the training
   * @param history epochs before a resume
   * @param curve its points before a resume
   * @return the page, to be closed
   * @throws org.lenet4j.LeNetException if the port cannot be used
   */
  public static LivePage open(int port, Run run, List<Epoch> history, List<CurvePoint> curve) {
    Objects.requireNonNull(run, "run must not be null");
    Objects.requireNonNull(history, "history must not be null");
    Objects.requireNonNull(curve, "curve must not be null");
    return new LivePage(port, PATIENCE_MILLIS, run, history, curve);
  }

  /**
   * Tries a port, before a training has left anything behind.
   *
   * @param port to listen on; 0 for any that is free
   * @throws org.lenet4j.LeNetException if it cannot be used
   */
  public static void requireUsable(int port) {
    LiveServer.requireUsable(port);
  }

  /** {@return what to type into a browser} */
  public URI address() {
    return server.address();
  }

  /** {@return whether somebody pressed the button} */
  public boolean stopRequested() {
    return stopRequested;
  }

  @Override
  public synchronized void accept(Progress progress) {
    Objects.requireNonNull(progress, "progress must not be null");
    progress.point().ifPresent(curve::add);
    progress.finished().ifPresent(history::add);
    share = (double) progress.examples() / progress.totalExamples();
    status =
        "Epoch %d of %d, step %d of %d"
            .formatted(progress.epoch(), progress.epochs(), progress.step(), progress.steps());
    version++;
  }

  private synchronized Standing standing() {
    return new Standing(
        List.copyOf(curve),
        List.copyOf(history),
        status,
        OptionalDouble.of(share),
        Optional.empty());
  }

  private synchronized long version() {
    return version;
  }

  /** Drawn once for all who watch, and not too often. */
  private Html figures() {
    synchronized (drawing) {
      long now = System.nanoTime();
      long current = version();
      boolean isDue = drawnVersion < 0 || now - drawnNanos > REDRAW_NANOS;
      if (isDue && current != drawnVersion) {
        drawn = ProgressSection.of(standing());
        drawnVersion = current;
        drawnNanos = now;
      }
      return drawn;
    }
  }

  private final class Content implements LiveServer.Content {
    @Override
    public String page(String policy, String token) {
      Html control = Html.template("control.html", Map.of("token", token));
      return Page.of(run, policy, control, figures(), Html.EMPTY).markup();
    }

    @Override
    public String progress() {
      return figures().markup();
    }

    @Override
    public void stop() {
      stopRequested = true;
    }
  }

  /**
   * Shows all who watch the report, tells them how the training ended, and ends.
   *
   * @param report on this training
   * @param message one sentence
   */
  public void finish(Report report, String message) {
    Objects.requireNonNull(report, "report must not be null");
    Objects.requireNonNull(message, "message must not be null");
    server.end(
        List.of(
            new Event("progress", report.progress().markup()),
            new Event("results", report.results().markup()),
            new Event("end", message)));
  }

  /**
   * Likewise without a report; after the first end it does nothing.
   *
   * @param message one sentence
   */
  public void finish(String message) {
    Objects.requireNonNull(message, "message must not be null");
    server.end(List.of(new Event("progress", figures().markup()), new Event("end", message)));
  }

  /** Ends, if it has not ended yet. */
  @Override
  public void close() {
    finish("The training has ended without a report; the terminal may say why.");
  }
}
