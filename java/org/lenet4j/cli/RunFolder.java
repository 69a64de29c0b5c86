package org.lenet4j.cli;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.lenet4j.LeNetException;
import org.lenet4j.io.DirectoryLock;
import org.lenet4j.io.FileReasons;

/**
 * The folder that a training's files go to. It belongs to this run alone: it was made for it, was
 * empty, or was cleared of an earlier run. The run holds a lock on it, which dies with its process.
 */
final class RunFolder implements AutoCloseable {
  static final String CONFIG = "config.json";
  static final String LAST = "last.safetensors";

  private static final String PREFIX = "run-";
  private static final Pattern TEMPORARY = Pattern.compile("\\..*\\.tmp");

  private final Path path;
  private final DirectoryLock lock;

  private RunFolder(Path path) throws IOException {
    this.path = path;
    this.lock =
        DirectoryLock.tryAcquire(path)
            .orElseThrow(
                () ->
                    new LeNetException(
                        "a run in %s is under way: wait for its end".formatted(path)));
  }

  /**
   * Makes a folder, or takes an empty one.
   *
   * @param force take one that holds an earlier run too, and delete that run's files
   * @throws LeNetException if there is something in it already, or it cannot be made
   */
  static RunFolder at(Path path, boolean force) {
    try {
      Files.createDirectories(path);
      boolean holdsRun = Files.exists(path.resolve(CONFIG));
      if (!holdsRun && !isEmpty(path)) {
        throw new LeNetException(
            path + " is not empty and does not hold a run: name another folder with --out");
      }
      if (holdsRun && !force) {
        throw new LeNetException(
            ("%s holds a run already: name another folder with --out, go on with that run by"
                    + " --resume, or overwrite it by --force")
                .formatted(path));
      }
      RunFolder folder = new RunFolder(path);
      for (Path file : folder.files()) {
        Files.deleteIfExists(file);
      }
      folder.deleteTemporaryFiles();
      return folder;
    } catch (FileAlreadyExistsException e) {
      throw new LeNetException(path + " is a file, expected a folder for the run's results", e);
    } catch (IOException e) {
      throw unusable(path, e);
    }
  }

  /**
   * The folder of an earlier run, to go on with it.
   *
   * @throws LeNetException if there is none
   */
  static RunFolder of(Path path) {
    requireRun(path);
    try {
      RunFolder folder = new RunFolder(path);
      folder.deleteTemporaryFiles();
      return folder;
    } catch (IOException e) {
      throw unusable(path, e);
    }
  }

  /**
   * Checks that a folder holds a run that can be resumed.
   *
   * @throws LeNetException if it does not
   */
  static void requireRun(Path path) {
    if (!Files.exists(path.resolve(CONFIG))) {
      throw new LeNetException(
          "%s holds no run to resume: there is no %s".formatted(path, path.resolve(CONFIG)));
    }
  }

  private static boolean isEmpty(Path path) throws IOException {
    try (Stream<Path> entries = Files.list(path)) {
      return entries.allMatch(entry -> entry.getFileName().toString().equals(DirectoryLock.FILE));
    }
  }

  /** What a process that was killed while it wrote a file left of it. */
  private void deleteTemporaryFiles() throws IOException {
    try (Stream<Path> entries = Files.list(path)) {
      for (Path entry : (Iterable<Path>) entries::iterator) {
        if (TEMPORARY.matcher(entry.getFileName().toString()).matches()) {
          Files.deleteIfExists(entry);
        }
      }
    }
  }

  /** Makes the folder run-N behind those that are there; two runs at once get two folders. */
  static RunFolder next(Path parent) {
    try {
      Files.createDirectories(parent);
      for (int number = highest(parent) + 1; ; number++) {
        try {
          return new RunFolder(Files.createDirectory(parent.resolve(PREFIX + number)));
        } catch (FileAlreadyExistsException e) {
          // Another run was faster: the next number.
        }
      }
    } catch (IOException e) {
      throw unusable(parent, e);
    }
  }

  /** The configuration comes last: a folder without one does not count as a run's. */
  private List<Path> files() {
    return List.of(history(), png(), svg(), report(), last(), best(), weights(), config());
  }

  Path path() {
    return path;
  }

  /** The run's options and circumstances. */
  Path config() {
    return path.resolve(CONFIG);
  }

  /** The checkpoint to go on from. */
  Path last() {
    return path.resolve(LAST);
  }

  /** The checkpoint after the best epoch. */
  Path best() {
    return path.resolve("best.safetensors");
  }

  Path history() {
    return path.resolve("history.jsonl");
  }

  Path png() {
    return path.resolve("curves.png");
  }

  Path svg() {
    return path.resolve("curves.svg");
  }

  /** The page on the finished run. */
  Path report() {
    return path.resolve("report.html");
  }

  /** The final weights. */
  Path weights() {
    return path.resolve("model.safetensors");
  }

  private static int highest(Path parent) throws IOException {
    try (Stream<Path> entries = Files.list(parent)) {
      return entries
          .map(entry -> entry.getFileName().toString())
          .filter(name -> name.matches(PREFIX + "\\d{1,8}"))
          .mapToInt(name -> Integer.parseInt(name.substring(PREFIX.length())))
          .max()
          .orElse(0);
    }
  }

  /** Gives up the lock. */
  @Override
  public void close() {
    try {
      lock.close();
    } catch (IOException e) {
      throw unusable(path, e);
    }
  }

  private static LeNetException unusable(Path path, IOException e) {
    return new LeNetException(
        "the run's results cannot be written to %s (%s): name another folder with --out"
            .formatted(path, FileReasons.of(e)),
        e);
  }
}
