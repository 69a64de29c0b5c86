package org.lenet4j.training;

import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.lenet4j.LeNetException;
import org.lenet4j.data.Dataset;
import org.lenet4j.data.GreyImage;
import org.lenet4j.data.PixelStatistics;
import org.lenet4j.engine.Activation;
import org.lenet4j.engine.Device;
import org.lenet4j.engine.Engine;
import org.lenet4j.engine.EngineConfig;
import org.lenet4j.engine.EngineOptions;
import org.lenet4j.engine.Engines;
import org.lenet4j.engine.Layer;
import org.lenet4j.engine.Pooling;

/**
 * A LeNet on one device: 28 x 28 grey images in, class probabilities out.
 *
 * <pre>{@code
 * try (LeNet net = LeNet.builder().device(Device.auto()).seed(42).build()) {
 *   Trainer.classic().fit(net, train, test);
 *   float[] p = net.predict(image);
 *   net.save(Path.of("lenet.safetensors"));
 * }
 * }</pre>
 *
 * <p>The network is that of the LeNet chapter of <i>Dive into Deep Learning</i>, after LeCun,
 * Bottou, Bengio and Haffner, "Gradient-based learning applied to document recognition",
 * Proceedings of the IEEE 86(11), 1998.
 *
 * <p>Images are unsigned bytes, 0 black to 255 white, row by row. Every method may be called from
 * any thread; calls wait for each other. A network holds native memory: close it. After that its
 * methods throw IllegalStateException, but for those that only say what it is: {@link #config},
 * {@link #device}, {@link #description}, {@link #labels} and {@link #engine}.
 *
 * @since 0.1.0
 */
public final class LeNet implements AutoCloseable {
  /** Opens an engine on this network's device. */
  private final Function<EngineConfig, Engine> opener;

  /** Held by users of the engine together, by who replaces it alone. */
  private final ReadWriteLock replacing = new ReentrantReadWriteLock();

  private final AtomicBoolean training = new AtomicBoolean();
  private final List<String> labels;
  private Engine engine;

  /** A network with the given names of its classes; none for numbers only. */
  LeNet(Engine engine, Function<EngineConfig, Engine> opener, List<String> labels) {
    this.engine = engine;
    this.opener = opener;
    this.labels = List.copyOf(labels);
  }

  /**
   * Begins with the classic network, freshly initialised, on the best device.
   *
   * @return a builder of that network
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * A saved network on the best device; see {@link Builder#load}.
   *
   * @param file safetensors
   * @return the network, to be closed
   * @throws LeNetException if the file cannot be used
   */
  public static LeNet load(Path file) {
    return builder().load(file);
  }

  /**
   * Class probabilities of one image.
   *
   * @param image [28][28]
   * @return [classes], of sum 1
   * @throws IllegalArgumentException unless it has 784 pixels
   */
  public float[] predict(byte[] image) {
    requireOne(image);
    return with(current -> current.predict(image));
  }

  /**
   * Class probabilities of one image of floats, each rounded to the nearest of the 256 values that
   * a pixel can have.
   *
   * @param image [28][28], 0 black to 1 white
   * @return [classes], of sum 1
   * @throws IllegalArgumentException unless it has 784 pixels, each 0 to 1
   */
  public float[] predict(float[] image) {
    Objects.requireNonNull(image, "image must not be null");
    byte[] pixels = new byte[image.length];
    for (int i = 0; i < pixels.length; i++) {
      if (!(image[i] >= 0 && image[i] <= 1)) {
        throw new IllegalArgumentException(
            "pixel %d is %s, expected 0 to 1".formatted(i, image[i]));
      }
      pixels[i] = (byte) Math.round(255 * image[i]);
    }
    return predict(pixels);
  }

  /**
   * Class probabilities of many images.
   *
   * @param images [n][28][28]
   * @return [n][classes]
   * @throws IllegalArgumentException if these are not whole images, at least one, or so many that
   *     an array cannot hold what comes of them
   */
  public float[][] predictAll(byte[] images) {
    float[] flat = with(current -> current.predict(images));
    int classes = config().classes();
    float[][] rows = new float[flat.length / classes][classes];
    for (int i = 0; i < rows.length; i++) {
      System.arraycopy(flat, i * classes, rows[i], 0, classes);
    }
    return rows;
  }

  /**
   * The most probable class of one image; the first one on a tie.
   *
   * @param image [28][28]
   * @return its number, from 0
   * @throws IllegalArgumentException unless the image has 784 pixels
   */
  public int classify(byte[] image) {
    return Evaluation.argmax(predict(image));
  }

  /**
   * Class probabilities of a picture of any size and colour, see {@link GreyImage#of}.
   *
   * @param picture of any size
   * @return [classes], of sum 1
   */
  public float[] predict(BufferedImage picture) {
    Objects.requireNonNull(picture, "picture must not be null");
    return predict(GreyImage.of(picture).pixels());
  }

  /** {@return the names of the classes in the order of their labels; without any, their numbers} */
  public List<String> labels() {
    return labels.isEmpty()
        ? IntStream.range(0, config().classes()).mapToObj(Integer::toString).toList()
        : labels;
  }

  /** Likewise, but empty without any. */
  List<String> givenLabels() {
    return labels;
  }

  /**
   * Loss, accuracy and confusion matrix over a dataset, computed on this network's device.
   *
   * @param dataset of labels below the number of classes
   * @return how well the network does
   * @throws IllegalArgumentException if it has labels that the network lacks
   */
  public Evaluation evaluate(Dataset dataset) {
    Objects.requireNonNull(dataset, "dataset must not be null");
    return with(current -> Evaluation.of(current, dataset));
  }

  /**
   * What a layer puts out for one image.
   *
   * @param layer which one
   * @param image [28][28]
   * @return of {@link Layer#shape}, row-major
   * @throws IllegalArgumentException unless the image has 784 pixels
   */
  public float[] output(Layer layer, byte[] image) {
    requireOne(image);
    return with(current -> current.output(layer, image));
  }

  /** {@return the layers in order, their shapes from a real forward pass of a random image} */
  public List<LayerSummary> summary() {
    return with(Summaries::of);
  }

  /**
   * {@return a copy of the parameters in the order of {@link org.lenet4j.engine.ParameterLayout}}
   */
  public float[] parameters() {
    return with(Engine::parameters);
  }

  /**
   * Saves the parameters as safetensors: names and shapes of PyTorch's state_dict for the chapter's
   * network. The file also says which variant of the network this is.
   *
   * @param file a name ending in {@code .safetensors}, by custom
   * @throws LeNetException if the file cannot be written; an older one is then untouched
   */
  public void save(Path file) {
    ModelFile.write(file, model());
  }

  /**
   * Writes the network as ONNX (opset 17), for ONNX Runtime and its like. The input {@code image}
   * is float [batch][1][28][28], the pixels of 0 to 255 divided by 255; a network that standardises
   * its input does so within the graph. The output is {@code logits} or {@code probabilities},
   * float [batch][classes]. The model's metadata have {@code labels}, a JSON array, if the classes
   * have names, {@code activation} and {@code pooling}.
   *
   * @param file a name ending in {@code .onnx}, by custom
   * @param softmax whether the graph ends in the softmax that makes probabilities of logits
   * @throws LeNetException if the file cannot be written; an older one is then untouched
   */
  public void exportOnnx(Path file, boolean softmax) {
    Objects.requireNonNull(file, "file must not be null");
    OnnxFile.write(file, model(), softmax);
  }

  private ModelFile.Model model() {
    return with(current -> new ModelFile.Model(current.config(), current.parameters(), labels));
  }

  /** {@return the variant of the network and what is fixed about its training} */
  public EngineConfig config() {
    return with(Engine::config);
  }

  /** {@return the device's short name, such as {@code cpu}} */
  public String device() {
    return with(Engine::device);
  }

  /** {@return the device in full, such as {@code cpu (2 threads, x86-64-v4)}} */
  public String description() {
    return with(Engine::description);
  }

  /**
   * For all that this class leaves out, such as gradients. A training whose optimiser differs from
   * the last one's replaces it; else it is closed together with this network.
   *
   * @return the engine, for now
   */
  public Engine engine() {
    return with(current -> current);
  }

  /**
   * Runs a training on an engine that is set up for it.
   *
   * @param change what the training makes of the configuration
   */
  Training train(UnaryOperator<EngineConfig> change, Function<Engine, Training> body) {
    if (!training.compareAndSet(false, true)) {
      throw new IllegalStateException("this network is being trained already");
    }
    try {
      configure(change.apply(config()));
      return body.apply(engine());
    } finally {
      training.set(false);
    }
  }

  /** What is fixed in an engine can only change with the engine; the parameters stay. */
  private void configure(EngineConfig wanted) {
    if (wanted.equals(config())) {
      return;
    }
    replacing.writeLock().lock();
    try {
      Engine old = engine;
      float[] parameters = old.parameters(); // First, since a closed engine refuses.
      engine = opened(opener.apply(wanted), parameters);
      old.close();
    } finally {
      replacing.writeLock().unlock();
    }
  }

  private static Engine opened(Engine engine, float[] parameters) {
    try {
      engine.setParameters(parameters);
      return engine;
    } catch (RuntimeException e) {
      engine.close();
      throw e;
    }
  }

  private <T> T with(Function<Engine, T> use) {
    replacing.readLock().lock();
    try {
      return use.apply(engine);
    } finally {
      replacing.readLock().unlock();
    }
  }

  @Override
  public void close() {
    with(
        current -> {
          current.close();
          return null;
        });
  }

  private static void requireOne(byte[] image) {
    Objects.requireNonNull(image, "image must not be null");
    if (image.length != Dataset.PIXELS) {
      throw new IllegalArgumentException(
          "an image has %d pixels, was %d".formatted(Dataset.PIXELS, image.length));
    }
  }

  /**
   * Chooses device and variant of a network.
   *
   * @since 0.1.0
   */
  public static final class Builder {
    private Device device = Device.auto();
    private EngineOptions options = EngineOptions.DEFAULT;
    private UnaryOperator<EngineConfig> changes = UnaryOperator.identity();
    private List<String> labels = List.of();
    private Initializer initializer = Initializer.XAVIER;
    private long seed;

    private Builder() {}

    /**
     * Where to compute.
     *
     * @param value {@link Device#auto()} by default
     * @return this builder
     */
    public Builder device(Device value) {
      device = Objects.requireNonNull(value, "device must not be null");
      return this;
    }

    /**
     * How many threads the cpu engine uses.
     *
     * @param value 0, the default, for one per physical core
     * @return this builder
     * @throws IllegalArgumentException if it is negative or above {@link EngineOptions#MAX_THREADS}
     */
    public Builder threads(int value) {
      options = options.withThreads(value);
      return this;
    }

    /**
     * Which kernels the cpu engine uses.
     *
     * @param value an instruction set such as {@code x86-64-v3}; by default the best there is
     * @return this builder
     */
    public Builder instructionSet(String value) {
      options = options.withInstructionSet(value);
      return this;
    }

    /**
     * Whether the cuda engine may round products' inputs to TF32; false by default.
     *
     * @param value whether it may
     * @return this builder
     */
    public Builder tf32(boolean value) {
      options = options.withTf32(value);
      return this;
    }

    /**
     * Whether the cuda engine replays its steps as CUDA Graphs; true by default.
     *
     * @param value whether it does
     * @return this builder
     */
    public Builder cudaGraph(boolean value) {
      options = options.withCudaGraph(value);
      return this;
    }

    /**
     * The seed of the initial parameters.
     *
     * @param value 0 by default
     * @return this builder
     */
    public Builder seed(long value) {
      seed = value;
      return this;
    }

    /**
     * How many classes there are.
     *
     * @param value 1 to 1,024; 10 by default
     * @return this builder
     */
    public Builder classes(int value) {
      return change(config -> config.withClasses(value));
    }

    /**
     * The function after each hidden layer.
     *
     * @param value {@link Activation#SIGMOID} by default
     * @return this builder
     */
    public Builder activation(Activation value) {
      Objects.requireNonNull(value, "activation must not be null");
      return change(config -> config.withVariant(value, config.pooling()));
    }

    /**
     * How both pooling layers pool.
     *
     * @param value {@link Pooling#AVG} by default
     * @return this builder
     */
    public Builder pooling(Pooling value) {
      Objects.requireNonNull(value, "pooling must not be null");
      return change(config -> config.withVariant(config.activation(), value));
    }

    /**
     * Standardises the pixels: one of value p, 0 to 255, enters the network as (p / 255 - mean) /
     * deviation. By default it enters as p / 255.
     *
     * @param mean of the pixels as 0 to 1; Fashion-MNIST's is 0.2860
     * @param deviation of the pixels as 0 to 1, above 0; Fashion-MNIST's is 0.3530
     * @return this builder
     * @throws IllegalArgumentException unless both are finite and the deviation is above 0
     */
    public Builder standardize(double mean, double deviation) {
      if (!(deviation > 0 && Double.isFinite(deviation) && Double.isFinite(mean))) {
        throw new IllegalArgumentException(
            "mean and deviation must be finite, deviation above 0, were %s and %s"
                .formatted(mean, deviation));
      }
      float scale = (float) (1 / 255.0 / deviation);
      float offset = (float) ((0 - mean) / deviation); // -mean would be -0 for a mean of 0.
      return change(config -> config.withInput(scale, offset));
    }

    /**
     * Standardises the pixels by the mean and the deviation of all pixels of a training set.
     *
     * @param train the training set
     * @return this builder
     * @throws LeNetException if all its pixels are equal
     */
    public Builder standardize(Dataset train) {
      Objects.requireNonNull(train, "train must not be null");
      PixelStatistics statistics = PixelStatistics.of(train);
      return standardize(statistics.mean(), statistics.deviation());
    }

    /**
     * Names of the classes, as many as there are; saved with the network. None by default.
     *
     * @param value in the order of the labels
     * @return this builder
     */
    public Builder labels(List<String> value) {
      labels = List.copyOf(Objects.requireNonNull(value, "labels must not be null"));
      return this;
    }

    /**
     * How the initial parameters are drawn.
     *
     * @param value {@link Initializer#XAVIER} by default
     * @return this builder
     */
    public Builder initializer(Initializer value) {
      initializer = Objects.requireNonNull(value, "initializer must not be null");
      return this;
    }

    private Builder change(UnaryOperator<EngineConfig> change) {
      UnaryOperator<EngineConfig> before = changes;
      changes = config -> change.apply(before.apply(config));
      return this;
    }

    /**
     * A network with fresh parameters, see {@link Initializer}.
     *
     * @return the network, to be closed
     * @throws IllegalArgumentException if the number of classes is out of range
     * @throws LeNetException if the labels are not as many as the classes, or the device cannot be
     *     used
     */
    public LeNet build() {
      EngineConfig config = changes.apply(EngineConfig.CLASSIC);
      return open(config, initializer.parameters(config.layout(), seed), labels);
    }

    /**
     * A saved network. It is the variant that the file's metadata name; where they name none, as in
     * files that PyTorch wrote, the one that was chosen here, else the classic one. Standardising
     * may be chosen anew.
     *
     * @param file safetensors, by {@link LeNet#save} or from PyTorch
     * @return the network, to be closed
     * @throws IllegalArgumentException if the number of classes that was chosen is out of range
     * @throws LeNetException if the file cannot be read, is no LeNet or is another variant than was
     *     chosen, the labels are not as many as its classes, or the device cannot be used
     */
    public LeNet load(Path file) {
      Objects.requireNonNull(file, "file must not be null");
      ModelFile.Model model = ModelFile.read(file, changes.apply(EngineConfig.CLASSIC));
      EngineConfig found = model.config();
      EngineConfig config = changes.apply(found);
      if (found.classes() != config.classes()) {
        throw new LeNetException(
            "%s is a network of %d classes, not of %d: leave this choice to the file"
                .formatted(file, found.classes(), config.classes()));
      }
      requireSame(file, "activation", found.activation(), config.activation());
      requireSame(file, "pooling", found.pooling(), config.pooling());
      return open(config, model.parameters(), labels.isEmpty() ? model.labels() : labels);
    }

    /** With another one than it was trained with, a network says something, but nothing right. */
    private static void requireSame(Path file, String what, Enum<?> found, Enum<?> chosen) {
      if (found != chosen) {
        throw new LeNetException(
            "%s is a network with %s %s, not %s: leave this choice to the file"
                .formatted(file, what, ModelFile.lower(found), ModelFile.lower(chosen)));
      }
    }

    private LeNet open(EngineConfig config, float[] parameters, List<String> names) {
      if (!names.isEmpty() && names.size() != config.classes()) {
        throw new LeNetException(
            "%d names were given for the network's %d classes: give one name for each class"
                .formatted(names.size(), config.classes()));
      }
      EngineOptions chosen = options;
      Engine engine = opened(Engines.open(device, config, chosen), parameters);
      // The choice of auto is made once.
      Device settled = device.kind() == Device.Kind.AUTO ? Device.parse(engine.device()) : device;
      return new LeNet(engine, other -> Engines.open(settled, other, chosen), names);
    }
  }
}
