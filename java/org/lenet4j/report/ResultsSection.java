package org.lenet4j.report;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.lenet4j.data.Dataset;
import org.lenet4j.training.ConfusionMatrix;
import org.lenet4j.training.LayerSummary;
import org.lenet4j.training.LeNet;
import org.lenet4j.training.Mistake;

/** What a trained network does on the test set, and what is inside it. */
final class ResultsSection {
  private static final int MISTAKES = 18;

  /** EMNIST's 26 letters still fit. */
  private static final int MAX_COLUMNS = 26;

  private final LeNet net;
  private final Dataset test;
  private final List<String> labels;

  private ResultsSection(LeNet net, Dataset test) {
    this.net = net;
    this.test = test;
    this.labels = net.labels();
  }

  static Html of(LeNet net, Dataset test, ConfusionMatrix matrix) {
    return new ResultsSection(net, test).html(matrix);
  }

  private Html html(ConfusionMatrix matrix) {
    List<Mistake> mistakes = Mistake.mostConfident(net, test, MISTAKES);
    List<LayerSummary> layers = net.summary();
    NetworkPictures pictures = new NetworkPictures(net, test);
    return Html.template(
        "results.html",
        Map.of(
            "matrixNote", matrixNote(),
            "confusion", confusion(matrix),
            "classes", classes(matrix),
            "mistakesNote", mistakesNote(mistakes),
            "mistakes", Html.join(mistakes.stream().map(this::figure)),
            "filterBound", Html.of("%.3f", pictures.filterBound()),
            "filters", pictures.filters(),
            "activations", pictures.activations(),
            "layers", Html.join(layers.stream().map(ResultsSection::row)),
            "layerTotals", totals(layers)));
  }

  private boolean showsMatrix() {
    return labels.size() <= MAX_COLUMNS;
  }

  private String matrixNote() {
    return showsMatrix()
        ? " In the matrix a row is a true class, a column what the network said."
        : "";
  }

  private Html confusion(ConfusionMatrix matrix) {
    if (!showsMatrix()) {
      return Html.EMPTY;
    }
    Html heads =
        Html.join(labels.stream().map(label -> Html.of("<th scope=\"col\">%s</th>", label)));
    Html rows =
        Html.join(
            IntStream.range(0, labels.size())
                .mapToObj(
                    actual ->
                        Html.of(
                            "<tr><th scope=\"row\">%s</th>%s</tr>",
                            labels.get(actual), cells(matrix, actual))));
    return Html.of(
        """
        <div class="scroll" role="region" tabindex="0" aria-label="Confusion matrix">
        <table class="confusion">
        <thead><tr><th scope="col">true class</th>%s</tr></thead>
        <tbody>
        %s
        </tbody>
        </table>
        </div>""",
        heads, rows);
  }

  private Html cells(ConfusionMatrix matrix, int actual) {
    return Html.join(
        IntStream.range(0, labels.size())
            .mapToObj(
                predicted -> {
                  long count = matrix.count(actual, predicted);
                  String style = count == 0 ? "zero" : actual == predicted ? "hit" : "miss";
                  return Html.of(
                      "<td class=\"%s\" style=\"--share:%.3f\">%d</td>",
                      style, (double) count / Math.max(1, matrix.support(actual)), count);
                }));
  }

  private Html classes(ConfusionMatrix matrix) {
    return Html.join(
        IntStream.range(0, labels.size())
            .mapToObj(
                c ->
                    Html.of(
                        "<tr><th scope=\"row\">%s</th><td>%s</td><td>%s</td><td>%s</td><td>%d</td>"
                            + "</tr>",
                        labels.get(c),
                        Html.share(matrix.precision(c)),
                        Html.share(matrix.recall(c)),
                        Html.share(matrix.f1(c)),
                        matrix.support(c))));
  }

  private static String mistakesNote(List<Mistake> mistakes) {
    return mistakes.isEmpty()
        ? "The network made none on the test set."
        : "Images of the test set that the network took for something else, and how sure it was.";
  }

  private Html figure(Mistake mistake) {
    String label = labels.get(mistake.label());
    String predicted = labels.get(mistake.predicted());
    return Html.of(
        """
        <li><figure><img src="%s" width="28" height="28" alt="%s"/>
        <figcaption><strong>%s</strong>, %.1f&#160;%%<br/>is: %s</figcaption></figure></li>""",
        Pictures.grey(test.image(mistake.index()), Dataset.WIDTH),
        "Test image %d: %s".formatted(mistake.index(), label),
        predicted,
        100 * mistake.probability(),
        label);
  }

  /** The last row of the table of layers. */
  private static Html totals(List<LayerSummary> layers) {
    return Html.of(
        "<tr><th scope=\"row\" colspan=\"3\">total</th><td>%,d</td><td>%,d</td><td>%,d</td></tr>",
        layers.stream().mapToLong(LayerSummary::parameters).sum(),
        layers.stream().mapToLong(LayerSummary::multiplyAdds).sum(),
        layers.stream().mapToLong(LayerSummary::flops).sum());
  }

  private static Html row(LayerSummary layer) {
    return Html.of(
        "<tr><th scope=\"row\">%s</th><td class=\"text\">%s</td><td>%s</td><td>%,d</td><td>%,d</td><td>%,d</td>"
            + "</tr>",
        layer.layer().name().toLowerCase(Locale.ROOT),
        layer.module(),
        layer.shape().stream().skip(1).map(String::valueOf).collect(Collectors.joining(" x ")),
        layer.parameters(),
        layer.multiplyAdds(),
        layer.flops());
  }
}
