///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//DEPS org.lenet4j:lenet4j-platform:0.1.0-SNAPSHOT
//RUNTIME_OPTIONS --enable-native-access=ALL-UNNAMED

import java.nio.file.Path;
import org.lenet4j.data.Dataset;
import org.lenet4j.data.FashionMnist;
import org.lenet4j.training.LeNet;
import org.lenet4j.training.Trainer;

/** Trains the chapter's network: {@code Train [EPOCHS]}. */
class Train {
  public static void main(String[] args) {
    int epochs = args.length > 0 ? Integer.parseInt(args[0]) : 10;
    try (Dataset train = FashionMnist.train();
        Dataset test = FashionMnist.test();
        LeNet net = LeNet.builder().labels(FashionMnist.labels()).build()) {
      Trainer.classic()
          .epochs(epochs)
          .onProgress(progress -> progress.finished().ifPresent(System.out::println))
          .fit(net, train, test);
      System.out.printf("test accuracy %.3f%n", net.evaluate(test).accuracy());
      net.save(Path.of("lenet.safetensors"));
    }
  }
}
