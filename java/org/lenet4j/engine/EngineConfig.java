package org.lenet4j.engine;

import java.util.Objects;
import java.util.function.Consumer;
import org.lenet4j.data.Dataset;

/**
 * What is fixed when an engine is created: the variant of the network and the parts of the training
 * step that do not change from one step to the next.
 *
 * @param classes 1 to {@link ParameterLayout#MAX_CLASSES}
 * @param activation after each convolution and the first two dense layers
 * @param pooling of both pooling layers
 * @param inputScale a pixel p of 0..255 enters the network as p * inputScale + inputOffset
 * @param inputOffset added after scaling and before the zero padding of conv1
 * @param momentum 0 to below 1; v = momentum * v + g, p = p - rate * v
 * @param nesterov p = p - rate * (g + momentum * v) instead
 * @param weightDecay added to the gradient of every parameter: g = g + weightDecay * p
 * @param labelSmoothing 0 to below 1; the target is (1 - s) one-hot + s / classes
 * @param flip whether training mirrors images at random
 * @param shift training shifts images at random by up to so many pixels in each direction
 * @param seed of the augmentation's random numbers
 * @since 0.1.0
 */
public record EngineConfig(
    int classes,
    Activation activation,
    Pooling pooling,
    float inputScale,
    float inputOffset,
    float momentum,
    boolean nesterov,
    float weightDecay,
    float labelSmoothing,
    boolean flip,
    int shift,
    long seed) {

  /** A shift by more would leave nothing of an image. */
  public static final int MAX_SHIFT = Dataset.WIDTH - 1;

  /** The classic network of the chapter: ten classes, sigmoid, average pooling, pixels / 255. */
  public static final EngineConfig CLASSIC =
      new EngineConfig(
          10, Activation.SIGMOID, Pooling.AVG, 1 / 255f, 0, 0, false, 0, 0, false, 0, 0);

  /**
   * Refuses what no engine can do.
   *
   * @throws IllegalArgumentException if a component is out of its range
   */
  public EngineConfig {
    if (classes < 1 || classes > ParameterLayout.MAX_CLASSES) {
      throw new IllegalArgumentException(
          "classes must be 1 to %d, was %d".formatted(ParameterLayout.MAX_CLASSES, classes));
    }
    Objects.requireNonNull(activation, "activation must not be null");
    Objects.requireNonNull(pooling, "pooling must not be null");
    requireFinite("inputScale", inputScale);
    requireFinite("inputOffset", inputOffset);
    requireFraction("momentum", momentum);
    requireFraction("labelSmoothing", labelSmoothing);
    requireFinite("weightDecay", weightDecay);
    if (weightDecay < 0) {
      throw new IllegalArgumentException("weightDecay must not be negative, was " + weightDecay);
    }
    if (nesterov && momentum == 0) {
      throw new IllegalArgumentException("nesterov needs a momentum above 0");
    }
    if (shift < 0 || shift > MAX_SHIFT) {
      throw new IllegalArgumentException(
          "shift must be 0 to %d pixels, was %d".formatted(MAX_SHIFT, shift));
    }
  }

  /** {@return the arena's layout for this number of classes} */
  public ParameterLayout layout() {
    return ParameterLayout.of(classes);
  }

  /**
   * Changes the last layer.
   *
   * @param value 1 to {@link ParameterLayout#MAX_CLASSES}
   * @return a configuration that differs in this alone
   * @throws IllegalArgumentException if it is out of range
   */
  public EngineConfig withClasses(int value) {
    return with(draft -> draft.classes = value);
  }

  /**
   * Changes the variant of the network.
   *
   * @param activation of every hidden layer
   * @param pooling of both pooling layers
   * @return a configuration that differs in this alone
   */
  public EngineConfig withVariant(Activation activation, Pooling pooling) {
    return with(
        draft -> {
          draft.activation = activation;
          draft.pooling = pooling;
        });
  }

  /**
   * Changes how pixels enter the network: p * scale + offset.
   *
   * @param scale 1 / 255 in the chapter
   * @param offset 0 in the chapter
   * @return a configuration that differs in this alone
   * @throws IllegalArgumentException unless both are finite
   */
  public EngineConfig withInput(float scale, float offset) {
    return with(
        draft -> {
          draft.inputScale = scale;
          draft.inputOffset = offset;
        });
  }

  /**
   * Changes the momentum.
   *
   * @param value 0 to below 1
   * @param useNesterov needs a momentum above 0
   * @return a configuration that differs in this alone
   * @throws IllegalArgumentException if the momentum is out of range, or 0 with Nesterov's
   */
  public EngineConfig withMomentum(float value, boolean useNesterov) {
    return with(
        draft -> {
          draft.momentum = value;
          draft.nesterov = useNesterov;
        });
  }

  /**
   * Changes the L2 penalty.
   *
   * @param value at least 0
   * @return a configuration that differs in this alone
   * @throws IllegalArgumentException unless it is finite and not negative
   */
  public EngineConfig withWeightDecay(float value) {
    return with(draft -> draft.weightDecay = value);
  }

  /**
   * Changes the targets of the loss.
   *
   * @param value 0 to below 1
   * @return a configuration that differs in this alone
   * @throws IllegalArgumentException if it is out of range
   */
  public EngineConfig withLabelSmoothing(float value) {
    return with(draft -> draft.labelSmoothing = value);
  }

  /**
   * Changes what is done to training images.
   *
   * @param newFlip mirrors every other one
   * @param newShift pixels, 0 to {@link #MAX_SHIFT}
   * @param newSeed of both
   * @return a configuration that differs in this alone
   * @throws IllegalArgumentException if the shift is out of range
   */
  public EngineConfig withAugmentation(boolean newFlip, int newShift, long newSeed) {
    return with(
        draft -> {
          draft.flip = newFlip;
          draft.shift = newShift;
          draft.seed = newSeed;
        });
  }

  private EngineConfig with(Consumer<Draft> change) {
    Draft draft = new Draft(this);
    change.accept(draft);
    return draft.checked();
  }

  /** The components for changing, so that a change names only what it changes. */
  private static final class Draft {
    int classes;
    Activation activation;
    Pooling pooling;
    float inputScale;
    float inputOffset;
    float momentum;
    boolean nesterov;
    float weightDecay;
    float labelSmoothing;
    boolean flip;
    int shift;
    long seed;

    Draft(EngineConfig from) {
      classes = from.classes;
      activation = from.activation;
      pooling = from.pooling;
      inputScale = from.inputScale;
      inputOffset = from.inputOffset;
      momentum = from.momentum;
      nesterov = from.nesterov;
      weightDecay = from.weightDecay;
      labelSmoothing = from.labelSmoothing;
      flip = from.flip;
      shift = from.shift;
      seed = from.seed;
    }

    EngineConfig checked() {
      return new EngineConfig(
          classes,
          activation,
          pooling,
          inputScale,
          inputOffset,
          momentum,
          nesterov,
          weightDecay,
          labelSmoothing,
          flip,
          shift,
          seed);
    }
  }

  private static void requireFinite(String name, float value) {
    if (!Float.isFinite(value)) {
      throw new IllegalArgumentException(name + " must be finite, was " + value);
    }
  }

  private static void requireFraction(String name, float value) {
    if (!(value >= 0 && value < 1)) {
      throw new IllegalArgumentException(name + " must be at least 0 and below 1, was " + value);
    }
  }
}
