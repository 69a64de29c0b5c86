package org.lenet4j.engine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;

/** How many processors are worth a thread each. */
final class Processors {
  private static final String ALLOWED = "Cpus_allowed_list:";

  private Processors() {}

  /**
   * The physical cores that this process may use, at least 1: hardware threads of one core share
   * the units that the kernels keep busy. Limits of the container or of the JVM count as well.
   */
  static int usableCores() {
    int logical = Runtime.getRuntime().availableProcessors();
    try {
      int cores = cores(Path.of("/proc/self/status"), Path.of("/sys/devices/system/cpu"));
      return Math.min(logical, cores);
    } catch (IOException | RuntimeException e) {
      return logical; // Another system, or one that keeps its topology to itself.
    }
  }

  /**
   * Linux's account of it.
   *
   * @param status /proc/self/status, which lists the processors allowed to this process
   * @param topology the folder with cpu0/topology/thread_siblings_list and so on
   */
  static int cores(Path status, Path topology) throws IOException {
    BitSet allowed = allowed(status);
    BitSet counted = new BitSet();
    int cores = 0;
    for (int cpu = allowed.nextSetBit(0); cpu >= 0; cpu = allowed.nextSetBit(cpu + 1)) {
      if (!counted.get(cpu)) {
        cores++;
        Path siblings = topology.resolve("cpu" + cpu + "/topology/thread_siblings_list");
        counted.or(parseList(Files.readString(siblings)));
      }
    }
    return Math.max(1, cores);
  }

  private static BitSet allowed(Path status) throws IOException {
    for (String line : Files.readAllLines(status)) {
      if (line.startsWith(ALLOWED)) {
        return parseList(line.substring(ALLOWED.length()));
      }
    }
    throw new IOException(status + " has no line " + ALLOWED);
  }

  /** The kernel's format, such as 0-3,8-11. */
  private static BitSet parseList(String list) {
    BitSet set = new BitSet();
    for (String range : list.strip().split(",")) {
      int dash = range.indexOf('-');
      int first = Integer.parseInt(dash < 0 ? range : range.substring(0, dash));
      int last = dash < 0 ? first : Integer.parseInt(range.substring(dash + 1));
      set.set(first, last + 1);
    }
    return set;
  }
}
