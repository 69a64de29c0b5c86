package org.lenet4j.engine;

import java.util.Arrays;
import org.lenet4j.data.Dataset;

/**
 * Random flips and shifts of training images. What becomes of an image is told by the seed, the
 * epoch and the image's position in the epoch's order alone, so it is the same for every engine,
 * any size of the mini-batches and a resumed run. {@code native/core/augmentation.h} is the same.
 *
 * @param flip whether every other image, on average, is mirrored left to right
 * @param shift images are shifted by -shift to shift pixels along both axes, all equally likely;
 *     pixels from outside the image are 0
 * @param seed of the random numbers
 */
record Augmentation(boolean flip, int shift, long seed) {
  private static final int SIZE = Dataset.HEIGHT;

  static Augmentation of(EngineConfig config) {
    return new Augmentation(config.flip(), config.shift(), config.seed());
  }

  /**
   * One image as it is trained on.
   *
   * @param pixels the image begins at {@code pixels[start]}
   * @param position of the image in the epoch's order
   * @param out [28][28], receives the image
   */
  void apply(byte[] pixels, int start, int epoch, int position, byte[] out) {
    long bits = CounterRandom.bits(seed, CounterRandom.Stream.AUGMENT, epoch, position);
    boolean mirrored = flip && (bits & 1) != 0;
    int dy = offset(bits >>> 16);
    int dx = offset(bits >>> 32);
    Arrays.fill(out, (byte) 0);
    for (int y = Math.max(0, dy); y < Math.min(SIZE, SIZE + dy); y++) {
      for (int x = Math.max(0, dx); x < Math.min(SIZE, SIZE + dx); x++) {
        int from = mirrored ? SIZE - 1 - (x - dx) : x - dx;
        out[y * SIZE + x] = pixels[start + (y - dy) * SIZE + from];
      }
    }
  }

  /** -shift to shift from 16 random bits. */
  private int offset(long bits) {
    return (int) (((bits & 0xffff) * (2 * shift + 1)) >>> 16) - shift;
  }
}
