package org.lenet4j.training;

import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.function.UnaryOperator;
import org.lenet4j.LeNetException;
import org.lenet4j.data.Dataset;
import org.lenet4j.engine.Activation;
import org.lenet4j.engine.Device;
import org.lenet4j.engine.Engine;
import org.lenet4j.engine.EngineConfig;
import org.lenet4j.engine.EngineOptions;
import org.lenet4j.engine.Engines;
import org.lenet4j.engine.Layer;
import org.lenet4j.engine.Metrics;
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
 * <p>Images are unsigned bytes, 0 black to 255 white, row by row. Every method may be called from
 * any thread; calls wait for each other. A network holds native memory: close it. After that its
 * methods throw IllegalStateException.
 */
public final class LeNet implements AutoCloseable {
  private final Engine engine;

  LeNet(Engine engine) {
    this.engine = engine;
  }

  /** Begins with the classic network, freshly initialised, on the best device. */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * A saved network on the best device; see {@link Builder#load}.
   *
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
   */
  public float[] predict(byte[] image) {
    requireOne(image);
    return engine.predict(image);
  }

  /**
   * Class probabilities of many images.
   *
   * @param images [n][28][28]
   * @return [n][classes]
   */
  public float[][] predictAll(byte[] images) {
    float[] flat = engine.predict(images);
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
   */
  public int classify(byte[] image) {
    float[] probabilities = predict(image);
    int best = 0;
    for (int c = 1; c < probabilities.length; c++) {
      if (probabilities[c] > probabilities[best]) {
        best = c;
      }
    }
    return best;
  }

  /** Loss and accuracy over a dataset, computed on this network's device. */
  public Metrics evaluate(Dataset dataset) {
    int id = engine.addDataset(dataset);
    try {
      return engine.evaluate(id);
    } finally {
      engine.removeDataset(id);
    }
  }

  /**
   * What a layer puts out for one image.
   *
   * @param image [28][28]
   * @return of {@link Layer#shape}, row-major
   */
  public float[] output(Layer layer, byte[] image) {
    requireOne(image);
    return engine.output(layer, image);
  }

  /** The layers in order, their shapes from a real forward pass of a random image. */
  public List<LayerSummary> summary() {
    return Summaries.of(engine);
  }

  /** A copy of the parameters in the order of {@link org.lenet4j.engine.ParameterLayout}. */
  public float[] parameters() {
    return engine.parameters();
  }

  /**
   * Saves the parameters as safetensors: names and shapes of PyTorch's state_dict for the chapter's
   * network. The file also says which variant of the network this is.
   *
   * @throws LeNetException if the file cannot be written; an older one is then untouched
   */
  public void save(Path file) {
    ModelFile.write(file, config(), parameters());
  }

  /** The variant of the network and what is fixed about its training. */
  public EngineConfig config() {
    return engine.config();
  }

  /** The device's short name, such as {@code cpu}. */
  public String device() {
    return engine.device();
  }

  /** The device in full, such as {@code cpu (2 threads, x86-64-v4)}. */
  public String description() {
    return engine.description();
  }

  /** For all that this class leaves out, such as gradients. Closed together with this network. */
  public Engine engine() {
    return engine;
  }

  @Override
  public void close() {
    engine.close();
  }

  private static void requireOne(byte[] image) {
    if (image.length != Dataset.PIXELS) {
      throw new IllegalArgumentException(
          "an image has %d pixels, was %d".formatted(Dataset.PIXELS, image.length));
    }
  }

  /** Chooses device and variant of a network. */
  public static final class Builder {
    private Device device = Device.auto();
    private EngineOptions options = EngineOptions.DEFAULT;
    private UnaryOperator<EngineConfig> changes = UnaryOperator.identity();
    private long seed;

    private Builder() {}

    public Builder device(Device value) {
      device = Objects.requireNonNull(value, "device");
      return this;
    }

    /** Of the cpu engine; 0, the default, for one per physical core. */
    public Builder threads(int value) {
      options = options.withThreads(value);
      return this;
    }

    /** Of the cpu engine's kernels, such as {@code x86-64-v3}; by default the best there is. */
    public Builder instructionSet(String value) {
      options = options.withInstructionSet(value);
      return this;
    }

    /** Whether the cuda engine may round products' inputs to TF32; false by default. */
    public Builder tf32(boolean value) {
      options = options.withTf32(value);
      return this;
    }

    /** Whether the cuda engine replays its steps as CUDA Graphs; true by default. */
    public Builder cudaGraph(boolean value) {
      options = options.withCudaGraph(value);
      return this;
    }

    /** Of the initial parameters; 0 by default. */
    public Builder seed(long value) {
      seed = value;
      return this;
    }

    public Builder classes(int value) {
      return configure(config -> config.withClasses(value));
    }

    public Builder activation(Activation value) {
      return configure(config -> config.withVariant(value, config.pooling()));
    }

    public Builder pooling(Pooling value) {
      return configure(config -> config.withVariant(config.activation(), value));
    }

    /**
     * Changes anything else of the configuration, such as {@code c -> c.withMomentum(0.9f, true)}.
     */
    public Builder configure(UnaryOperator<EngineConfig> change) {
      UnaryOperator<EngineConfig> before = changes;
      changes = config -> change.apply(before.apply(config));
      return this;
    }

    /**
     * A network with fresh parameters, see {@link Initializer}.
     *
     * @throws LeNetException if the device cannot be used
     */
    public LeNet build() {
      EngineConfig config = changes.apply(EngineConfig.CLASSIC);
      return open(config, Initializer.xavier(config.layout(), seed));
    }

    /**
     * A saved network. It becomes the variant that the file's metadata name (the classic one if
     * there are none, as in files that PyTorch wrote), except for what was chosen here.
     *
     * @throws LeNetException if the file cannot be read, is no LeNet or has another number of
     *     classes than was chosen, or the device cannot be used
     */
    public LeNet load(Path file) {
      ModelFile.Model model = ModelFile.read(file);
      EngineConfig config = changes.apply(model.config());
      if (config.classes() != model.config().classes()) {
        throw new LeNetException(
            "%s is a network of %d classes, not of %d"
                .formatted(file, model.config().classes(), config.classes()));
      }
      return open(config, model.parameters());
    }

    private LeNet open(EngineConfig config, float[] parameters) {
      Engine engine = Engines.open(device, config, options);
      try {
        engine.setParameters(parameters);
      } catch (RuntimeException e) {
        engine.close();
        throw e;
      }
      return new LeNet(engine);
    }
  }
}
