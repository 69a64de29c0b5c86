import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.lenet4j.data.Dataset;
import org.lenet4j.data.GreyImage;
import org.lenet4j.training.LeNet;
import org.lenet4j.training.Trainer;

/**
 * Goes on training a model with pictures of your own: {@code FineTune MODEL PICTURES OUTPUT}, where
 * PICTURES has a folder of pictures for each class, named exactly as the model names it, such as
 * {@code Pullover/} or {@code T-shirt/top/}. Both accuracies are of these same pictures.
 */
class FineTune {
  public static void main(String[] args) throws IOException {
    try (LeNet net = LeNet.load(Path.of(args[0]));
        Dataset own = read(Path.of(args[1]), net.labels())) {
      double before = net.evaluate(own).accuracy();
      Trainer.classic().learningRate(0.02).batchSize(16).epochs(5).fit(net, own, own);
      System.out.printf(
          "%d pictures: accuracy %.3f before, %.3f after%n",
          own.size(), before, net.evaluate(own).accuracy());
      net.save(Path.of(args[2]));
    }
  }

  private static Dataset read(Path folder, List<String> classes) throws IOException {
    ByteArrayOutputStream pixels = new ByteArrayOutputStream();
    List<Integer> labels = new ArrayList<>();
    for (int label = 0; label < classes.size(); label++) {
      Path pictures = folder.resolve(classes.get(label));
      if (!Files.isDirectory(pictures)) {
        continue;
      }
      try (Stream<Path> files = Files.list(pictures)) {
        for (Path file : files.sorted().toList()) {
          for (GreyImage picture : GreyImage.read(file)) {
            pixels.writeBytes(picture.pixels());
            labels.add(label);
          }
        }
      }
    }
    return Dataset.of(pixels.toByteArray(), labels.stream().mapToInt(Integer::intValue).toArray());
  }
}
