package org.lenet4j.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.bytedeco.javacpp.Loader;
import org.lenet4j.LeNetException;
import org.lenet4j.Version;
import org.lenet4j.data.FashionMnist;
import org.lenet4j.engine.Diagnosis;
import org.lenet4j.engine.Diagnosis.Line;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code lenet4j doctor}. */
@Command(
    name = "doctor",
    description = {
      "Shows what lenet4j finds on this machine and, where something is wrong, what helps.",
      "",
      "The lines on CUDA matter for --device cuda only."
    },
    footer = {
      "",
      "Examples:",
      "  lenet4j doctor",
      "  java -Dlenet4j.cuda.path=DIR -jar lenet4j-cli.jar doctor",
      "",
      "Exit status: 1 if the cpu device does not work, else 0."
    })
final class DoctorCommand implements Callable<Integer> {
  @Mixin private CommonOptions common;

  @Override
  public Integer call() {
    Output output = new Output();
    List<Line> cpu = Diagnosis.cpu();
    List<Line> lines = new ArrayList<>();
    lines.add(new Line("lenet4j", Version.current(), true));
    lines.add(java());
    lines.add(new Line("platform", Loader.getPlatform(), true));
    lines.addAll(cpu);
    lines.add(dataset());
    lines.addAll(Diagnosis.cuda());
    for (Line line : lines) {
      output.result(
          "%-8s %-18s %s".formatted(line.ok() ? "ok" : "problem", line.name(), line.value()));
    }
    return cpu.stream().allMatch(Line::ok) ? 0 : 1;
  }

  private static Line java() {
    return new Line(
        "java",
        "%s, %s, in %s"
            .formatted(
                System.getProperty("java.version"),
                System.getProperty("java.vendor"),
                System.getProperty("java.home")),
        true);
  }

  private static Line dataset() {
    try {
      FashionMnist.Options options = FashionMnist.Options.defaults().withOffline(true);
      return new Line("Fashion-MNIST", FashionMnist.locate(options).toString(), true);
    } catch (LeNetException e) {
      return Boolean.getBoolean("lenet4j.offline")
          ? new Line("Fashion-MNIST", e.getMessage(), false)
          : new Line(
              "Fashion-MNIST", "not on this machine yet: training downloads it (30 MB)", true);
    }
  }
}
