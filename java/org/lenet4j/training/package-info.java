/**
 * The network and its training: {@link org.lenet4j.training.LeNet} is one network on one device,
 * {@link org.lenet4j.training.Trainer} the loop over epochs and mini-batches that teaches it.
 */
package org.lenet4j.training;
