package org.lenet4j.cli;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.lenet4j.LeNetException;
import org.lenet4j.io.FileReasons;

/**
 * The folder that a training's files go to. It belongs to this run alone: it was made for it, or it
 * was empty.
 */
record RunFolder(Path path) {
  private static final String PREFIX = "run-";

  /**
   * Makes a folder, or takes an empty one.
   *
   * @throws LeNetException if there is something in it already, or it cannot be made
   */
  static RunFolder at(Path path) {
    try {
      Files.createDirectories(path);
      try (Stream<Path> entries = Files.list(path)) {
        if (entries.findAny().isPresent()) {
          throw new LeNetException(
              path + " is not empty, and an earlier run is never overwritten: name a new folder");
        }
      }
      return new RunFolder(path);
    } catch (FileAlreadyExistsException e) {
      throw new LeNetException(path + " is a file, expected a folder for the run's results", e);
    } catch (IOException e) {
      throw unusable(path, e);
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

  Path history() {
    return path.resolve("history.jsonl");
  }

  Path curves() {
    return path.resolve("curves.png");
  }

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

  private static LeNetException unusable(Path path, IOException e) {
    return new LeNetException(
        "the run's results cannot be written to %s (%s): name another folder with --out"
            .formatted(path, FileReasons.of(e)),
        e);
  }
}
