import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import org.lenet4j.data.Dataset;
import org.lenet4j.data.FashionMnist;

/** Writes test images as the pictures of a stranger: {@code MakePictures FOLDER COUNT}. */
class MakePictures {
  public static void main(String[] args) throws IOException {
    try (Dataset test = FashionMnist.test()) {
      for (int i = 0; i < Integer.parseInt(args[1]); i++) {
        BufferedImage picture =
            new BufferedImage(Dataset.WIDTH, Dataset.HEIGHT, BufferedImage.TYPE_BYTE_GRAY);
        byte[] image = test.image(i);
        for (int p = 0; p < image.length; p++) {
          picture.getRaster().setSample(p % Dataset.WIDTH, p / Dataset.WIDTH, 0, image[p] & 255);
        }
        Path folder = Path.of(args[0], FashionMnist.labels().get(test.label(i)));
        Files.createDirectories(folder);
        ImageIO.write(picture, "png", folder.resolve(i + ".png").toFile());
      }
    }
  }
}
