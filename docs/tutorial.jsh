// Made from tutorial.md, which explains it; see there how to run it.

// The LeNet chapter, in Java
import java.nio.file.Path;
import org.lenet4j.data.*;
import org.lenet4j.engine.*;
import org.lenet4j.training.*;

// The network
LeNet net = LeNet.builder().seed(42).build();
for (LayerSummary layer : net.summary()) {
  System.out.println(layer.module() + " output shape: " + layer.shape());
}

// The data
Dataset train = FashionMnist.train();
Dataset test = FashionMnist.test();
System.out.println(FashionMnist.labels().get(train.label(0)));  // Ankle boot

// Training
Trainer trainer = Trainer.classic().onProgress(
    p -> p.finished().ifPresent(
        e -> System.out.printf("loss %.3f, train acc %.3f, test acc %.3f%n",
            e.loss(), e.trainAccuracy(), e.testAccuracy())));
Training run = trainer.fit(net, train, test);
System.out.printf("%.0f examples/sec on %s%n", run.examplesPerSecond(), net.device());
try (LeNet modern = Recipe.MODERN.network(train).seed(42).build()) {
  Training today = Recipe.MODERN.trainer().fit(modern, train, test);
  System.out.printf("modern recipe: test acc %.3f%n", today.last().testAccuracy());
}
Trainer better = Trainer.classic().epochs(5).schedule(Schedule.cosine().warmup(1));
better = better.learningRate(0.1).momentum(0.9).nesterov(true).weightDecay(5e-4);
better = better.randomFlip(true).randomShift(1).validationSplit(0.1).patience(3);
Path last = Path.of("last.safetensors");
better.onCheckpoint(checkpoint -> checkpoint.save(last)).fit(net, train, test);
better.resume(net, train, test, Checkpoint.load(last));

// How good is it?
Evaluation evaluation = net.evaluate(test);
ConfusionMatrix confusion = evaluation.confusion();
System.out.printf("test acc %.3f +- %.3f%n", evaluation.accuracy(), confusion.standardError());
for (int c = 0; c < confusion.classes(); c++) {
  System.out.printf("%-12s precision %.3f, recall %.3f%n",
      FashionMnist.labels().get(c), confusion.precision(c), confusion.recall(c));
}
System.out.println(confusion.count(6, 2) + " shirts were taken for pullovers");

// Looking inside
float[] features = net.output(Layer.CONV1_ACTIVATION, test.image(0));  // [6][28][28]
float[] p = net.predict(test.image(0));                                // ten probabilities
System.out.println(FashionMnist.labels().get(net.classify(test.image(0))));
for (int label : new int[] {2, 4}) {
  int i = 0;
  while (test.label(i) != label) {
    i++;
  }
  float[] channel = net.output(Layer.CONV1_ACTIVATION, test.image(i));
  System.out.println(FashionMnist.labels().get(label));
  for (int y = 0; y < 28; y += 2) {
    for (int x = 0; x < 28; x++) {
      System.out.print(" .:-=+*#%@".charAt((int) (9.99 * channel[y * 28 + x])));
    }
    System.out.println();
  }
}

// The exercises

// Saving
net.save(Path.of("lenet.safetensors"));
LeNet again = LeNet.load(Path.of("lenet.safetensors"));
net.exportOnnx(Path.of("lenet.onnx"), true);  // true: end in a softmax
again.close();
net.close();
train.close();
test.close();
