package org.lenet4j.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.lenet4j.data.Dataset;
import org.lenet4j.data.GreyImage;
import org.lenet4j.io.Json;
import org.lenet4j.training.LeNet;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code lenet4j predict}. */
@Command(
    name = "predict",
    description = {
      "Says what is on pictures: PNG, JPEG, GIF or BMP, or IDX files.",
      "",
      "A picture may have any size and colours: it is made grey and 28 x 28, and inverted if it is"
          + " dark on light.",
      "A file of IDX images, plain or gzip, stands for all of its images; they are taken for light"
          + " on dark. One of another size than 28 x 28 is resized."
    },
    footer = {
      "",
      "Examples:",
      "  lenet4j predict --model lenet4j-out/run-1/model.safetensors shoe.png",
      "  lenet4j predict --model lenet.safetensors --top 1 --json *.png",
      "  lenet4j predict --model lenet.safetensors t10k-images-idx3-ubyte.gz"
    })
final class PredictCommand implements Callable<Integer> {
  @Mixin private ModelOption model;

  @Parameters(paramLabel = "IMAGE", arity = "1..*", description = "The pictures.")
  private List<Path> images;

  @Option(
      names = "--top",
      paramLabel = "K",
      defaultValue = "3",
      converter = Converters.AtLeastOne.class,
      description = "Show the K most probable classes (default: ${DEFAULT-VALUE}).")
  private int top;

  @Option(names = "--json", description = "Print JSON for machines: one object an image.")
  private boolean json;

  @Mixin private NetworkOptions network;
  @Mixin private CommonOptions common;

  @Override
  public Integer call() {
    Output output = new Output(false, json);
    try (LeNet net = model.load(network.builder())) {
      for (Path file : images) {
        List<GreyImage> content = GreyImage.read(file);
        for (int i = 0; i < content.size(); i++) {
          String name = content.size() == 1 ? file.toString() : file + "[" + i + "]";
          float[] probabilities = net.predict(content.get(i).pixels());
          List<Integer> best = best(probabilities);
          if (json) {
            output.json(Json.line(fields(file, i, content.get(i), net, probabilities, best)));
            continue;
          }
          output.result(name + note(content.get(i)));
          for (int c : best) {
            output.result(
                String.format(
                    Locale.US, "  %6.2f %%  %s", 100 * probabilities[c], net.labels().get(c)));
          }
        }
      }
    }
    return 0;
  }

  private List<Integer> best(float[] probabilities) {
    return IntStream.range(0, probabilities.length)
        .boxed()
        .sorted(Comparator.comparingDouble(c -> -probabilities[c]))
        .limit(top)
        .toList();
  }

  /** What was done to a picture, if anything that matters was. */
  private static String note(GreyImage image) {
    List<String> done = new ArrayList<>();
    if (image.width() != Dataset.WIDTH || image.height() != Dataset.HEIGHT) {
      done.add("resized from " + image.width() + " x " + image.height());
    }
    if (image.inverted()) {
      done.add("inverted");
    }
    return done.isEmpty() ? ":" : " (" + String.join(", ", done) + "):";
  }

  private static Map<String, Object> fields(
      Path file, int index, GreyImage image, LeNet net, float[] probabilities, List<Integer> best) {
    List<Map<String, Object>> classes = new ArrayList<>();
    for (int c : best) {
      Map<String, Object> entry = new LinkedHashMap<>();
      entry.put("class", c);
      entry.put("label", net.labels().get(c));
      entry.put("probability", probabilities[c]);
      classes.add(entry);
    }
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("file", file.toString());
    fields.put("index", index);
    fields.put("width", image.width());
    fields.put("height", image.height());
    fields.put("inverted", image.inverted());
    fields.put("predictions", classes);
    return fields;
  }
}
