package org.lenet4j.training;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.lenet4j.LeNetException;
import org.lenet4j.engine.EngineConfig;
import org.lenet4j.engine.EngineState;
import org.lenet4j.engine.Metrics;
import org.lenet4j.io.Safetensors;

/**
 * A training at one moment: all that {@link Trainer#resume} needs beside the data and the settings.
 *
 * <p>On disk it is a safetensors file with the parameters as {@link LeNet#save} writes them, so
 * that it can be used as a model too, and the velocities of the momentum.
 *
 * @param config the network's; a file keeps of it what makes the variant
 * @param labels names of the network's classes; empty if it has none
 * @param state the engine's; its position counts the steps of the epoch that is under way
 * @param sums over the epoch that is under way, up to its last curve point
 * @param stepNanos spent in the steps of the epoch that is under way
 * @param trainNanos spent in it altogether
 * @param history the finished epochs
 * @param curve the curve points
 * @param settings what a training that resumes must agree with, by name
 * @since 0.1.0
 */
public record Checkpoint(
    EngineConfig config,
    List<String> labels,
    EngineState state,
    Metrics sums,
    long stepNanos,
    long trainNanos,
    List<Epoch> history,
    List<CurvePoint> curve,
    Map<String, String> settings) {
  /** Copies the lists and the map. */
  public Checkpoint {
    Objects.requireNonNull(config, "config must not be null");
    Objects.requireNonNull(state, "state must not be null");
    Objects.requireNonNull(sums, "sums must not be null");
    labels = List.copyOf(Objects.requireNonNull(labels, "labels must not be null"));
    history = List.copyOf(Objects.requireNonNull(history, "history must not be null"));
    curve = List.copyOf(Objects.requireNonNull(curve, "curve must not be null"));
    settings = Map.copyOf(Objects.requireNonNull(settings, "settings must not be null"));
  }

  /** {@return whether an epoch was just finished, and is the best one so far} */
  public boolean isBest() {
    return state.position() == 0
        && !history.isEmpty()
        && Training.best(history).number() == history.size();
  }

  /**
   * Writes a file, whole or not at all.
   *
   * @param file a name ending in {@code .safetensors}, by custom
   * @throws LeNetException if it cannot be written; an older one is then untouched
   */
  public void save(Path file) {
    Objects.requireNonNull(file, "file must not be null");
    CheckpointFile.write(file, this);
  }

  /**
   * Reads a file that {@link #save} wrote.
   *
   * @param file written by any version of the same format
   * @return what it holds
   * @throws LeNetException if it cannot be read or is not such a file
   */
  public static Checkpoint load(Path file) {
    Objects.requireNonNull(file, "file must not be null");
    return CheckpointFile.read(file);
  }

  /** Refuses a state that no training was ever in. */
  void requireStepWithin(int steps) {
    if (state.position() < 0 || state.position() >= steps) {
      throw new LeNetException(
          ("the checkpoint is damaged: it is %d steps into epoch %d, which has %d; resume from"
                  + " another one, such as best.safetensors of a run folder, or train anew")
              .formatted(state.position(), history.size() + 1, steps));
    }
  }

  /** Refuses a training that would not be the same. */
  void requireSettings(Map<String, String> others) {
    others.forEach(
        (name, other) -> {
          String mine = settings.get(name);
          if (!other.equals(mine)) {
            throw new LeNetException(
                ("the checkpoint is of another training, with %s %s, not %s: resume with the"
                        + " settings that it was made with")
                    .formatted(
                        name, mine == null ? "unknown" : Safetensors.printable(mine), other));
          }
        });
  }
}
