package org.lenet4j.report;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.IntStream;
import org.lenet4j.data.Dataset;
import org.lenet4j.engine.Layer;
import org.lenet4j.engine.ParameterLayout;
import org.lenet4j.training.LeNet;

/** What a network has learnt, to look at: filters and activations. */
final class NetworkPictures {
  private static final int FILTER_WIDTH = 5;

  /** The chapter's exercise asks for sweaters and coats. */
  private static final Set<String> WANTED = Set.of("pullover", "sweater", "coat");

  private static final int IMAGES = 2;

  private final LeNet net;
  private final Dataset images;

  /** Of the first convolution, [6][1][5][5]. */
  private final float[] filters;

  /** The largest magnitude of their weights. */
  private final float filterBound;

  NetworkPictures(LeNet net, Dataset images) {
    this.net = net;
    this.images = images;
    ParameterLayout.Tensor tensor = net.config().layout().tensor("conv1.weight");
    this.filters =
        Arrays.copyOfRange(net.parameters(), tensor.offset(), tensor.offset() + tensor.length());
    float bound = 0;
    for (float weight : filters) {
      bound = Math.max(bound, Math.abs(weight));
    }
    this.filterBound = bound;
  }

  Html filters() {
    int size = FILTER_WIDTH * FILTER_WIDTH;
    return Html.join(
        IntStream.range(0, filters.length / size)
            .mapToObj(i -> Pictures.signed(filters, i * size, size, FILTER_WIDTH, filterBound))
            .map(NetworkPictures::map));
  }

  float filterBound() {
    return filterBound;
  }

  Html activations() {
    return Html.join(IntStream.of(chosen()).mapToObj(this::activations));
  }

  /** The first image of each of two classes: those of the chapter's exercise if there are such. */
  private int[] chosen() {
    List<String> labels = net.labels();
    int[] firsts = IntStream.range(0, labels.size()).map(this::first).filter(i -> i >= 0).toArray();
    int[] wanted =
        IntStream.of(firsts)
            .filter(i -> WANTED.contains(name(i).toLowerCase(Locale.ROOT)))
            .toArray();
    return IntStream.of(wanted.length >= IMAGES ? wanted : firsts).limit(IMAGES).toArray();
  }

  private int first(int label) {
    return IntStream.range(0, images.size())
        .filter(i -> images.label(i) == label)
        .findFirst()
        .orElse(-1);
  }

  private String name(int image) {
    return net.labels().get(images.label(image));
  }

  private Html activations(int index) {
    byte[] image = images.image(index);
    String name = name(index);
    return Html.of(
        """
        <figure>
        <figcaption>%s, test image %d</figcaption>
        <div class="maps large"><img src="%s" width="28" height="28" alt="%s"/></div>
        %s
        %s
        </figure>""",
        name,
        index,
        Pictures.grey(image, Dataset.WIDTH),
        "The image: " + name,
        maps(Layer.CONV1_ACTIVATION, "maps", "First", name, image),
        maps(Layer.CONV2_ACTIVATION, "maps small", "Second", name, image));
  }

  private Html maps(Layer layer, String style, String which, String name, byte[] image) {
    float[] values = net.output(layer, image);
    int[] shape = layer.shape(net.config().classes());
    int size = shape[1] * shape[2];
    float least = Float.POSITIVE_INFINITY;
    float largest = Float.NEGATIVE_INFINITY;
    for (float value : values) {
      least = Math.min(least, value);
      largest = Math.max(largest, value);
    }
    float low = least;
    float high = largest;
    return Html.of(
        """
        <figcaption>%s convolution: %d maps of %d x %d, %.3f to %.3f</figcaption>
        <div class="%s" role="img" aria-label="%s">
        %s
        </div>""",
        which,
        shape[0],
        shape[1],
        shape[2],
        low,
        high,
        style,
        which + " convolution's activations for the image of: " + name,
        Html.join(
            IntStream.range(0, shape[0])
                .mapToObj(i -> Pictures.grey(values, i * size, size, shape[2], low, high))
                .map(NetworkPictures::map)));
  }

  /** Described by what it is part of. */
  private static Html map(String source) {
    return Html.of("<img src=\"%s\" alt=\"\"/>", source);
  }
}
