package org.lenet4j.training;

import org.lenet4j.data.Dataset;

/** Small datasets that a network can learn. */
public final class Examples {
  private Examples() {}

  /** One bright bar per class, on a background that differs from image to image. */
  public static Dataset bars(int count, int classes) {
    byte[] pixels = new byte[count * Dataset.PIXELS];
    int[] labels = new int[count];
    for (int n = 0; n < count; n++) {
      labels[n] = n % classes;
      for (int p = 0; p < Dataset.PIXELS; p++) {
        boolean bar = p / Dataset.WIDTH / 2 == labels[n] + 1;
        pixels[n * Dataset.PIXELS + p] = (byte) (bar ? 250 : (n * 31 + p * 7) % 40);
      }
    }
    return Dataset.of(pixels, labels);
  }
}
