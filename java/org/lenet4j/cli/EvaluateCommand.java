package org.lenet4j.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.lenet4j.data.Dataset;
import org.lenet4j.io.Json;
import org.lenet4j.training.ConfusionMatrix;
import org.lenet4j.training.Evaluation;
import org.lenet4j.training.LeNet;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code lenet4j evaluate}. */
@Command(
    name = "evaluate",
    description = {
      "Measures loss and accuracy of a saved network on the test set.",
      "",
      "The accuracy comes with its standard error and Wilson's 95 %% interval, which follow from the"
          + " size of the test set; then come precision, recall and F1 of each class, and the"
          + " confusion matrix."
    },
    footer = {
      "",
      "Examples:",
      "  lenet4j evaluate --model lenet4j-out/run-1/model.safetensors",
      "  lenet4j evaluate --model from-pytorch.safetensors --activation relu --json"
    })
final class EvaluateCommand implements Callable<Integer> {
  /** EMNIST's 26 letters still fit; a wider matrix is only for machines. */
  private static final int MAX_COLUMNS = 26;

  @Mixin private ModelOption model;
  @Mixin private DataOptions data;

  @Option(names = "--json", description = "Print one JSON object for machines.")
  private boolean json;

  @Mixin private NetworkOptions network;
  @Mixin private CommonOptions common;

  @Override
  public Integer call() {
    Output output = new Output(false, json);
    try (LeNet net = model.load(network.builder())) {
      DataOptions.Source source = data.locate(output);
      try (Dataset test = source.test()) {
        source.requireClasses(net, test);
        output.info("%d test examples from %s".formatted(test.size(), source.directory()));
        output.info("evaluating on " + net.device());
        output.info(NetworkOptions.describe(net));
        Evaluation evaluation = net.evaluate(test);
        output.json(Json.line(fields(net, evaluation)));
        output.result(summary(evaluation));
        classTable(net.labels(), evaluation.confusion()).forEach(output::result);
        matrix(net.labels(), evaluation.confusion()).forEach(output::result);
      }
    }
    return 0;
  }

  private static String summary(Evaluation evaluation) {
    ConfusionMatrix.Interval interval = evaluation.confusion().accuracyInterval();
    return format(
        "loss %.3f, test acc %.3f +- %.3f (95 %% interval %.3f to %.3f)",
        evaluation.loss(),
        evaluation.accuracy(),
        evaluation.confusion().standardError(),
        interval.low(),
        interval.high());
  }

  private static List<String> classTable(List<String> labels, ConfusionMatrix confusion) {
    String row = "%-" + width("class", labels) + "s  %9s  %6s  %5s  %8s";
    List<String> lines = new ArrayList<>();
    lines.add("");
    lines.add(format(row, "class", "precision", "recall", "F1", "examples"));
    for (int c = 0; c < confusion.classes(); c++) {
      lines.add(
          format(
              row,
              labels.get(c),
              share(confusion.precision(c)),
              share(confusion.recall(c)),
              share(confusion.f1(c)),
              confusion.support(c)));
    }
    return lines;
  }

  private static String share(double value) {
    return Double.isNaN(value) ? "-" : format("%.3f", value);
  }

  /** Columns are headed by the classes' numbers, since names would be too wide. */
  private static List<String> matrix(List<String> labels, ConfusionMatrix confusion) {
    int classes = confusion.classes();
    if (classes > MAX_COLUMNS) {
      return List.of("", "The confusion matrix of %d classes is in --json.".formatted(classes));
    }
    String head = "%-" + width("true class", labels) + "s  %2s ";
    int cell = 1 + Math.max(3, Long.toString(confusion.total()).length());
    List<String> lines = new ArrayList<>();
    lines.add("");
    StringBuilder header = new StringBuilder(format(head, "true class", ""));
    IntStream.range(0, classes).forEach(p -> header.append(format("%" + cell + "d", p)));
    lines.add(header + "  <- taken for");
    for (int t = 0; t < classes; t++) {
      StringBuilder line = new StringBuilder(format(head, labels.get(t), t));
      for (int p = 0; p < classes; p++) {
        line.append(format("%" + cell + "d", confusion.count(t, p)));
      }
      lines.add(line.toString());
    }
    return lines;
  }

  private static int width(String head, List<String> labels) {
    return labels.stream().mapToInt(String::length).reduce(head.length(), Math::max);
  }

  private static String format(String format, Object... args) {
    return String.format(Locale.US, format, args);
  }

  private static Map<String, Object> fields(LeNet net, Evaluation evaluation) {
    ConfusionMatrix confusion = evaluation.confusion();
    List<Map<String, Object>> classes = new ArrayList<>();
    List<List<Long>> rows = new ArrayList<>();
    for (int c = 0; c < confusion.classes(); c++) {
      int row = c;
      Map<String, Object> entry = new LinkedHashMap<>();
      entry.put("class", c);
      entry.put("label", net.labels().get(c));
      entry.put("precision", confusion.precision(c));
      entry.put("recall", confusion.recall(c));
      entry.put("f1", confusion.f1(c));
      entry.put("examples", confusion.support(c));
      classes.add(entry);
      rows.add(
          IntStream.range(0, confusion.classes()).mapToObj(p -> confusion.count(row, p)).toList());
    }
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("device", net.device());
    fields.put("examples", evaluation.count());
    fields.put("loss", evaluation.loss());
    fields.put("accuracy", evaluation.accuracy());
    fields.put("standard_error", confusion.standardError());
    ConfusionMatrix.Interval interval = confusion.accuracyInterval();
    fields.put("accuracy_interval", List.of(interval.low(), interval.high()));
    fields.put("classes", classes);
    fields.put("confusion", rows);
    return fields;
  }
}
