package org.lenet4j.engine;

import org.lenet4j.data.Dataset;

/**
 * Trains and runs one LeNet. All engines share the float32 parameter layout of {@link
 * ParameterLayout} and the semantics below; they differ in where and how fast they compute.
 *
 * <p>Training: {@link #startEpoch} hands over the epoch's order of examples and one learning rate
 * per step; each step of {@link #run} takes the next mini-batch through forward, softmax
 * cross-entropy (mean over the mini-batch), backward and SGD update. The metrics of a mini-batch
 * are measured before its update.
 *
 * <p>The same seed, device and instruction set give the same bits, for any number of threads.
 *
 * <p>Every method may be called from any thread; calls on one engine wait for each other. A call
 * with unusable arguments throws IllegalArgumentException or NullPointerException, a call before
 * the one it depends on or after {@link #close} IllegalStateException (but {@link #config}, {@link
 * #device} and {@link #description} still answer), and a failure of the device {@link
 * org.lenet4j.LeNetException}; the engine stays usable.
 *
 * @since 0.1.0
 */
public interface Engine extends AutoCloseable {
  /** {@return what was fixed when this engine was created} */
  EngineConfig config();

  /**
   * {@return the device's short name, as in "training on cpu": {@code java}, {@code cpu}, {@code
   * cuda:0}}
   */
  String device();

  /** {@return the device in full, such as {@code cpu (2 threads, x86-64-v4)}} */
  String description();

  /**
   * Copies a dataset to the device. Its labels must be below the number of classes.
   *
   * @param dataset may be closed afterwards
   * @return the id by which the other methods know it
   */
  int addDataset(Dataset dataset);

  /**
   * Frees a dataset; an epoch that uses it ends.
   *
   * @param dataset the id that {@link #addDataset} gave
   */
  void removeDataset(int dataset);

  /**
   * Begins an epoch, whatever was left of the one before; momentum and metrics carry over. If the
   * device fails at it, there is no epoch, neither the new one nor the one before.
   *
   * @param plan the order of the examples and the rates of the steps
   */
  void startEpoch(EpochPlan plan);

  /**
   * Trains on the next mini-batches of the epoch; no more may be asked for than it has left.
   *
   * @param batches how many, at least 0
   */
  void run(int batches);

  /** {@return the mini-batches done since {@link #startEpoch}; 0 without an epoch} */
  int position();

  /**
   * {@return the training metrics since this was last called (the loss with label smoothing, if
   * any)}
   */
  Metrics takeMetrics();

  /**
   * {@return loss (without label smoothing) and accuracy over a whole dataset}
   *
   * @param dataset the id that {@link #addDataset} gave
   */
  Metrics evaluate(int dataset);

  /**
   * Forward and backward without an update, metrics or augmentation.
   *
   * @param dataset the id that {@link #addDataset} gave
   * @param indices the examples of the mini-batch
   * @param gradient receives the gradient of the mean loss in the parameters' layout
   * @return the mean loss (with label smoothing, if any)
   */
  double gradients(int dataset, int[] indices, float[] gradient);

  /**
   * What a layer puts out.
   *
   * @param layer which one
   * @param images n images of 28 x 28 pixels
   * @return n times the layer's output, each of {@link Layer#shape}
   */
  float[] output(Layer layer, byte[] images);

  /**
   * Class probabilities (the softmax of the logits). The same call gives the same bits; how many
   * images come with an image may change its last bits, since few images take a faster path.
   *
   * @param images n images of 28 x 28 pixels
   * @return [n][classes]
   */
  float[] predict(byte[] images);

  /** {@return a copy of the parameters, see {@link ParameterLayout}} */
  float[] parameters();

  /**
   * Replaces the parameters; momentum stays.
   *
   * @param parameters in the order of {@link ParameterLayout}
   * @throws IllegalArgumentException if they are not as many as the network has, all finite
   */
  void setParameters(float[] parameters);

  /** {@return a copy of all that training changes} */
  EngineState state();

  /**
   * Puts a state back. For one in the middle of an epoch, {@link #startEpoch} with that epoch's
   * plan comes first.
   *
   * @param state of an engine of an equal configuration, on whatever device
   */
  void restore(EngineState state);

  /** Frees everything; later calls do nothing. Waits for a call that is under way. */
  @Override
  void close();
}
