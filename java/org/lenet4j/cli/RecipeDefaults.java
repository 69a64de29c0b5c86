package org.lenet4j.cli;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.lenet4j.training.Recipe;
import picocli.CommandLine.IDefaultValueProvider;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * On the command line a recipe is a set of other options' default values, so that whatever is given
 * overrides it and config.json records all of it. {@link Recipe} is the same for programs.
 */
final class RecipeDefaults implements IDefaultValueProvider {
  static final String RECIPE = "--recipe";

  /** {@link Recipe#MODERN}; classic is what the options themselves say. */
  static final String MODERN_OPTIONS =
      "--activation relu --pooling max --initializer he --standardize data --epochs 20"
          + " --batch-size 128 --lr 0.08 --schedule one-cycle --momentum 0.9 --nesterov"
          + " --weight-decay 0.0005 --label-smoothing 0.05 --augment flip,shift";

  /** A file of weights knows these better. */
  private static final Set<String> OF_THE_NETWORK =
      Set.of("--activation", "--pooling", "--initializer", "--standardize");

  private static final Map<String, String> MODERN = values(MODERN_OPTIONS);

  private static Map<String, String> values(String options) {
    Map<String, String> values = new LinkedHashMap<>();
    for (String option : options.split(" (?=--)", -1)) {
      String[] parts = option.split(" ", -1);
      values.put(parts[0], parts.length > 1 ? parts[1] : "true");
    }
    return values;
  }

  /** Asked for the options that were not given, after those that were; null for no opinion. */
  @Override
  public String defaultValue(ArgSpec argument) {
    CommandSpec command = argument.command();
    boolean fromFile = command.findOption("--init").getValue() != null;
    if (!(argument instanceof OptionSpec option)
        || command.findOption(RECIPE).getValue() != Recipe.MODERN
        || (fromFile && OF_THE_NETWORK.contains(option.longestName()))) {
      return null;
    }
    return MODERN.get(option.longestName());
  }
}
