package org.lenet4j.engine;

import java.util.ArrayList;
import java.util.List;
import org.lenet4j.internal.binding.LeNetNative;

/** What there is of CUDA on this machine, link by link, for people to read. */
public final class CudaReport {
  /**
   * One fact.
   *
   * @param name such as {@code cuDNN}
   * @param value such as {@code 9.24.0 (built for 9.24.0)}, or what is wrong and what helps
   * @param ok whether the cuda engine can live with it
   */
  public record Line(String name, String value, boolean ok) {}

  private CudaReport() {}

  /** Loads the CUDA engine's libraries, if they can be, and looks at everything behind them. */
  public static List<Line> lines() {
    List<Line> lines = new ArrayList<>();
    String reason = CudaLibrary.unavailableReason();
    lines.add(new Line("CUDA engine", reason.isEmpty() ? "loaded" : reason, reason.isEmpty()));
    for (String path : CudaLibrary.loadedLibraries()) {
      lines.add(new Line(path.replaceFirst(".*/", ""), path, true));
    }
    if (reason.isEmpty()) {
      try {
        LeNetNative.cuda_report().lines().map(CudaReport::parse).forEach(lines::add);
      } catch (RuntimeException e) {
        lines.add(new Line("CUDA", e.getMessage(), false));
      }
    }
    return lines;
  }

  /** Lines of native/cuda/devices.cpp: "key = value", the key "problem" for what is wrong. */
  private static Line parse(String line) {
    String[] parts = line.split(" = ", 2);
    boolean problem = parts[0].equals("problem");
    return new Line(problem ? "CUDA" : parts[0], parts[1], !problem);
  }
}
