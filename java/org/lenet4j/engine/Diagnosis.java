package org.lenet4j.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.lenet4j.internal.binding.LeNetNative;

/**
 * What the engines find on this machine, link by link, for people to read.
 *
 * @since 0.1.0
 */
public final class Diagnosis {
  /**
   * One fact.
   *
   * @param name such as {@code cuDNN}
   * @param value such as {@code 9.24.0 (built for 9.24.0)}, or what is wrong and what helps
   * @param ok whether nothing is wrong
   * @since 0.1.0
   */
  public record Line(String name, String value, boolean ok) {
    public Line {
      Objects.requireNonNull(name, "name must not be null");
      Objects.requireNonNull(value, "value must not be null");
    }
  }

  private Diagnosis() {}

  /** {@return what the cpu engine needs and has} */
  public static List<Line> cpu() {
    String reason = NativeEngine.unavailableReason();
    if (!reason.isEmpty()) {
      return List.of(new Line("native library", reason, false));
    }
    List<Line> lines = new ArrayList<>();
    for (String path : LoadedLibraries.matching("liblenet\\.so|libjniLeNetNative\\.so")) {
      lines.add(new Line("native library", path, true));
    }
    String[] instructionSets = NativeEngine.instructionSets();
    String chosen = EngineOptions.DEFAULT.instructionSet();
    lines.add(
        new Line(
            "instruction sets",
            "%s (chosen: %s)"
                .formatted(
                    String.join(" ", instructionSets),
                    chosen.isEmpty() ? instructionSets[0] : chosen),
            chosen.isEmpty() || List.of(instructionSets).contains(chosen)));
    lines.add(
        new Line("threads", "%d, one per physical core".formatted(NativeEngine.threads(0)), true));
    return lines;
  }

  /**
   * What the cuda engine needs and has: the libraries with the paths they were loaded from, their
   * versions, built for and found, the driver and the devices. Loads all that can be loaded.
   *
   * @return the findings in the order to show
   */
  public static List<Line> cuda() {
    List<Line> lines = new ArrayList<>();
    String reason = CudaLibrary.unavailableReason();
    if (reason.isEmpty()) {
      lines.add(new Line("CUDA engine", CudaLibrary.path(), true));
    } else if (!CudaLibrary.isExpected()) {
      lines.add(new Line("CUDA engine", "none, and no use for one here (" + reason + ")", true));
    } else {
      lines.add(new Line("CUDA engine", reason, false));
    }
    lines.add(new Line("CUDA search path", CudaLibrary.searched(), true));
    for (String path : CudaLibrary.loaded()) {
      lines.add(new Line("CUDA library", path, true));
    }
    if (reason.isEmpty()) {
      try {
        LeNetNative.cuda_report().lines().map(Diagnosis::parse).forEach(lines::add);
      } catch (RuntimeException e) {
        lines.add(new Line("CUDA engine", e.getMessage(), false));
      }
    }
    return lines;
  }

  /** Lines of native/cuda/devices.cpp: "key = value", the key "problem" for what is wrong. */
  private static Line parse(String line) {
    String[] parts = line.split(" = ", 2);
    boolean problem = parts[0].equals("problem");
    return new Line(problem ? "CUDA engine" : parts[0], parts[1], !problem);
  }
}
