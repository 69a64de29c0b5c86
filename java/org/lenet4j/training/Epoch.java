package org.lenet4j.training;

/**
 * A finished epoch.
 *
 * @param number from 1
 * @param loss mean training loss over the epoch, each mini-batch measured before its update
 * @param trainAccuracy likewise, 0 to 1
 * @param testLoss mean loss on the test set after the epoch
 * @param testAccuracy on the test set after the epoch, 0 to 1
 * @param examples trained on
 * @param stepSeconds spent in training steps alone
 * @param trainSeconds from the shuffle to the last step
 * @param evaluationSeconds spent on the test set
 */
public record Epoch(
    int number,
    double loss,
    double trainAccuracy,
    double testLoss,
    double testAccuracy,
    long examples,
    double stepSeconds,
    double trainSeconds,
    double evaluationSeconds) {

  /** The chapter's examples/sec: what the training steps alone reach. */
  public double examplesPerSecond() {
    return examples / stepSeconds;
  }

  /** Examples per second of the whole epoch: shuffling and the Java loop included. */
  public double wholeEpochExamplesPerSecond() {
    return examples / trainSeconds;
  }
}
