package org.lenet4j.engine;

import java.util.Objects;

/**
 * Random numbers without state: every number is a function of (seed, stream, epoch, index), so all
 * engines and all thread counts see the same initial weights and the same order of examples.
 *
 * <p>The mixing step is the finaliser of SplitMix64 (Steele, Lea and Flood, "Fast splittable
 * pseudorandom number generators", OOPSLA 2014). Golden values in {@code GoldenTest} hold this
 * function to its definition in every language that implements it.
 *
 * @since 0.1.0
 */
public final class CounterRandom {
  /**
   * What the numbers are for; the streams of one seed are independent.
   *
   * @since 0.1.0
   */
  public enum Stream {
    /** The initial parameters. */
    INIT,
    /** The order of the examples. */
    SHUFFLE,
    /** Which images are mirrored and how far they are moved. */
    AUGMENT,
    /** The random image of the layer-shape print. */
    SAMPLE
  }

  private static final long GOLDEN_GAMMA = 0x9e3779b97f4a7c15L;

  private CounterRandom() {}

  private static long mix64(long z) {
    z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }

  /**
   * {@return 64 random bits}
   *
   * @param seed any
   * @param stream what the number is for
   * @param epoch from 0; 0 for what belongs to no epoch, -1 for the validation split
   * @param index of the number within these
   */
  public static long bits(long seed, Stream stream, long epoch, long index) {
    Objects.requireNonNull(stream, "stream must not be null");
    long h = mix64(seed + GOLDEN_GAMMA);
    h = mix64((h ^ stream.ordinal()) + GOLDEN_GAMMA);
    h = mix64((h ^ epoch) + GOLDEN_GAMMA);
    return mix64((h ^ index) + GOLDEN_GAMMA);
  }

  /**
   * {@return a uniform float in [0, 1): the upper 24 bits, so that every value is exact}
   *
   * @param seed any
   * @param stream what the number is for
   * @param epoch from 0; 0 for what belongs to no epoch, -1 for the validation split
   * @param index of the number within these
   */
  public static float uniform(long seed, Stream stream, long epoch, long index) {
    return (bits(seed, stream, epoch, index) >>> 40) * 0x1p-24f;
  }

  /**
   * {@return a random permutation of 0..n-1 (Fisher-Yates), the order of one epoch}
   *
   * @param n how many, at least 0
   * @param seed any
   * @param epoch as in {@link #bits}
   * @throws IllegalArgumentException if n is negative
   */
  public static int[] permutation(int n, long seed, long epoch) {
    if (n < 0) {
      throw new IllegalArgumentException("n must not be negative, was " + n);
    }
    int[] order = new int[n];
    for (int i = 0; i < n; i++) {
      order[i] = i;
    }
    for (int i = n - 1; i > 0; i--) {
      int j = (int) (((bits(seed, Stream.SHUFFLE, epoch, i) >>> 32) * (i + 1L)) >>> 32);
      int swapped = order[i];
      order[i] = order[j];
      order[j] = swapped;
    }
    return order;
  }
}
