package org.lenet4j.training;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.lenet4j.data.Dataset;
import org.lenet4j.engine.Engine;
import org.lenet4j.engine.Metrics;

/** The device's copies of a training's datasets, some of the training examples held out. */
final class FitData implements AutoCloseable {
  private final Engine engine;
  private final List<Integer> ids = new ArrayList<>();
  private final int examples;
  private final int train;
  private final int test;
  private final Optional<Integer> validation;

  FitData(Trainer trainer, Engine engine, Dataset trainSet, Dataset testSet) {
    this.engine = engine;
    int all = trainSet.size();
    this.examples = all - trainer.heldOut(all);
    try {
      if (examples == all) {
        this.train = add(trainSet);
        this.validation = Optional.empty();
      } else {
        int[] order = trainer.splitOrder(all);
        this.train = addSubset(trainSet, Arrays.copyOf(order, examples));
        this.validation =
            Optional.of(addSubset(trainSet, Arrays.copyOfRange(order, examples, all)));
      }
      this.test = add(testSet);
    } catch (RuntimeException e) {
      try {
        close();
      } catch (RuntimeException another) {
        e.addSuppressed(another);
      }
      throw e;
    }
  }

  private int add(Dataset dataset) {
    int id = engine.addDataset(dataset);
    ids.add(id);
    return id;
  }

  /** In the dataset's order, which is what training without shuffling keeps to. */
  private int addSubset(Dataset dataset, int[] indices) {
    Arrays.sort(indices);
    try (Dataset subset = dataset.select(indices)) {
      return add(subset);
    }
  }

  /** Trained on in an epoch. */
  int examples() {
    return examples;
  }

  /** The engine's id of the training set. */
  int train() {
    return train;
  }

  /** Empty without a validation set. */
  Optional<Metrics> validate() {
    return validation.map(engine::evaluate);
  }

  Metrics test() {
    return engine.evaluate(test);
  }

  /** Frees every dataset, also after one that could not be freed. */
  @Override
  public void close() {
    RuntimeException first = null;
    for (int id : ids) {
      try {
        engine.removeDataset(id);
      } catch (RuntimeException e) {
        if (first == null) {
          first = e;
        } else {
          first.addSuppressed(e);
        }
      }
    }
    if (first != null) {
      throw first;
    }
  }
}
