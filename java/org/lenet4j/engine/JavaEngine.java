package org.lenet4j.engine;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.lenet4j.data.Dataset;

/**
 * The reference engine: plain Java on one thread, float32 parameters, all arithmetic in double. It
 * is the truth in the parity tests and the fallback where there is no native library.
 */
class JavaEngine extends AbstractEngine {
  private record Examples(byte[] pixels, int[] labels) {}

  private final Map<Integer, Examples> datasets = new HashMap<>();
  private final ReferenceNetwork network;
  private final Augmentation augmentation;
  private final float[] parameters;
  private final float[] velocities;
  private final double[] gradient;
  private final byte[] augmented = new byte[Dataset.PIXELS];
  private int nextId;
  private EpochPlan plan;
  private int[] order = {};
  private float[] rates = {};
  private int position;
  private Metrics metrics = Metrics.ZERO;

  JavaEngine(EngineConfig config) {
    super(config);
    this.network = new ReferenceNetwork(config);
    this.augmentation = Augmentation.of(config);
    this.parameters = new float[layout().size()];
    this.velocities = new float[layout().size()];
    this.gradient = new double[layout().size()];
  }

  @Override
  public String device() {
    return "java";
  }

  @Override
  public String description() {
    return "java (reference engine, 1 thread)";
  }

  @Override
  int doAddDataset(Dataset dataset) {
    byte[] pixels = dataset.images(0, dataset.size());
    int[] labels = new int[dataset.size()];
    dataset.labels().get(labels);
    datasets.put(nextId, new Examples(pixels, labels));
    return nextId++;
  }

  @Override
  void doRemoveDataset(int dataset) {
    datasets.remove(dataset);
  }

  @Override
  void doStartEpoch(EpochPlan newPlan) {
    doEndEpoch();
    order = newPlan.order();
    rates = newPlan.learningRates();
    plan = newPlan;
  }

  @Override
  void doEndEpoch() {
    plan = null;
    position = 0;
  }

  @Override
  void doRun(int batches) {
    for (int end = position + batches; position < end; position++) {
      int from = position * plan.batchSize();
      int to = (int) Math.min(order.length, (long) from + plan.batchSize());
      Examples examples = datasets.get(plan.dataset());
      Arrays.fill(gradient, 0);
      for (int i = from; i < to; i++) {
        int start = order[i] * Dataset.PIXELS;
        augmentation.apply(examples.pixels(), start, plan.epoch(), i, augmented);
        metrics = metrics.plus(accumulate(augmented, 0, examples.labels()[order[i]]));
      }
      toMean(to - from);
      update(rates[position]);
    }
  }

  /** Adds the gradient of one image's loss to {@link #gradient}. */
  private Metrics accumulate(byte[] pixels, int start, int label) {
    double[] logits = network.forward(parameters, pixels, start);
    int correct = argmax(logits) == label ? 1 : 0;
    double loss = network.backward(parameters, label, config().labelSmoothing(), gradient);
    return new Metrics(loss, correct, 1);
  }

  private void toMean(int count) {
    for (int i = 0; i < gradient.length; i++) {
      gradient[i] /= count;
    }
  }

  /** SGD with momentum as PyTorch defines it (no dampening). */
  private void update(float rate) {
    for (int i = 0; i < parameters.length; i++) {
      double g = gradient[i] + (double) config().weightDecay() * parameters[i];
      if (config().momentum() > 0) {
        double v = (double) config().momentum() * velocities[i] + g;
        velocities[i] = (float) v;
        g = config().nesterov() ? g + config().momentum() * v : v;
      }
      parameters[i] = (float) (parameters[i] - rate * g);
    }
  }

  @Override
  int doPosition() {
    return position;
  }

  @Override
  Metrics doTakeMetrics() {
    Metrics taken = metrics;
    metrics = Metrics.ZERO;
    return taken;
  }

  @Override
  Metrics doEvaluate(int dataset) {
    Examples examples = datasets.get(dataset);
    double lossSum = 0;
    long correct = 0;
    for (int i = 0; i < examples.labels().length; i++) {
      int label = examples.labels()[i];
      double[] logits = network.forward(parameters, examples.pixels(), i * Dataset.PIXELS);
      correct += argmax(logits) == label ? 1 : 0;
      lossSum += ReferenceLayers.crossEntropy(logits, label, 0, null);
    }
    return new Metrics(lossSum, correct, examples.labels().length);
  }

  @Override
  double doGradients(int dataset, int[] indices, float[] out) {
    Examples examples = datasets.get(dataset);
    Metrics sums = Metrics.ZERO;
    Arrays.fill(gradient, 0);
    for (int index : indices) {
      sums =
          sums.plus(
              accumulate(examples.pixels(), index * Dataset.PIXELS, examples.labels()[index]));
    }
    toMean(indices.length);
    for (int i = 0; i < out.length; i++) {
      out[i] = (float) gradient[i];
    }
    return sums.loss();
  }

  @Override
  float[] doOutput(Layer layer, byte[] images, int count) {
    int size = layer.size(config().classes());
    float[] out = new float[count * size];
    for (int n = 0; n < count; n++) {
      network.forward(parameters, images, n * Dataset.PIXELS);
      double[] values = network.output(layer);
      for (int i = 0; i < size; i++) {
        out[n * size + i] = (float) values[i];
      }
    }
    return out;
  }

  @Override
  float[] doPredict(byte[] images, int count) {
    int classes = config().classes();
    float[] out = new float[count * classes];
    for (int n = 0; n < count; n++) {
      double[] p = ReferenceLayers.softmax(network.forward(parameters, images, n * Dataset.PIXELS));
      for (int c = 0; c < classes; c++) {
        out[n * classes + c] = (float) p[c];
      }
    }
    return out;
  }

  @Override
  float[] doParameters() {
    return parameters.clone();
  }

  @Override
  void doSetParameters(float[] values) {
    System.arraycopy(values, 0, parameters, 0, parameters.length);
  }

  @Override
  EngineState doState() {
    return new EngineState(parameters.clone(), velocities.clone(), position, metrics);
  }

  @Override
  void doRestore(EngineState state) {
    System.arraycopy(state.parameters(), 0, parameters, 0, parameters.length);
    System.arraycopy(state.velocities(), 0, velocities, 0, velocities.length);
    position = state.position();
    metrics = state.metrics();
  }

  @Override
  void doClose() {
    datasets.clear();
  }

  private static int argmax(double[] values) {
    int best = 0;
    for (int c = 1; c < values.length; c++) {
      if (values[c] > values[best]) {
        best = c;
      }
    }
    return best;
  }
}
