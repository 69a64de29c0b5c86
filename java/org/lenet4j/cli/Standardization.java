package org.lenet4j.cli;

import org.lenet4j.data.Dataset;
import org.lenet4j.training.LeNet;

/** What --standardize does to a network, given the training set. */
interface Standardization {
  void apply(LeNet.Builder builder, Dataset train);
}
