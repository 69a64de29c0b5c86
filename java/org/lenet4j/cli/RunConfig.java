package org.lenet4j.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiPredicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.lenet4j.LeNetException;
import org.lenet4j.Version;
import org.lenet4j.data.Dataset;
import org.lenet4j.io.AtomicFile;
import org.lenet4j.io.FileReasons;
import org.lenet4j.io.Json;
import org.lenet4j.training.LeNet;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** config.json of a run folder: what it takes to repeat the run, or to go on with it. */
final class RunConfig {
  /** Options that say nothing about the training itself. */
  private static final Set<String> NOT_RECORDED =
      Set.of(
          "--help",
          "--version",
          "--debug",
          "--resume",
          "--out",
          "--force",
          "--dry-run",
          "--quiet",
          "--json",
          "--live");

  private static final String OPTIONS = "options";
  private static final String DATA = "data";
  private static final String SHA256 = "sha256";
  private static final String ARITHMETIC = "arithmetic";

  private final Path file;
  private final Map<?, ?> content;

  private RunConfig(Path file, Map<?, ?> content) {
    this.file = file;
    this.content = content;
  }

  static void write(
      Path file, CommandSpec command, LeNet net, Path directory, Dataset train, Dataset test) {
    Map<String, Object> data = new LinkedHashMap<>();
    data.put("directory", directory.toAbsolutePath().toString());
    data.put("train_examples", train.size());
    data.put("test_examples", test.size());
    data.put(SHA256, hash(train, test));
    Map<String, Object> content = new LinkedHashMap<>();
    content.put("lenet4j_version", Version.current());
    content.put("java_version", System.getProperty("java.version"));
    content.put("started", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
    content.put("device", net.description());
    content.put(ARITHMETIC, arithmetic(net));
    content.put("activation", Converters.lower(net.config().activation()));
    content.put("pooling", Converters.lower(net.config().pooling()));
    content.put("classes", net.config().classes());
    content.put(DATA, data);
    content.put(OPTIONS, options(command));
    byte[] text = Json.pretty(content).getBytes(StandardCharsets.UTF_8);
    AtomicFile.write(file, out -> out.write(text));
  }

  /**
   * Every option that is recorded, with its value, given or by default; null where there is none.
   */
  static Map<String, Object> options(CommandSpec command) {
    Map<String, Object> options = new LinkedHashMap<>();
    for (OptionSpec option : command.options()) {
      if (!NOT_RECORDED.contains(option.longestName())) {
        options.put(option.longestName(), value(option));
      }
    }
    return options;
  }

  /** Likewise, in a line and without those that have no value. */
  static String text(CommandSpec command) {
    return options(command).entrySet().stream()
        .filter(option -> option.getValue() != null && !option.getValue().equals(false))
        .map(
            option ->
                option.getValue().equals(true)
                    ? option.getKey()
                    : option.getKey() + " " + quoted(option.getValue().toString()))
        .collect(Collectors.joining(" "));
  }

  private static Object value(OptionSpec option) {
    if (option.type() == boolean.class || option.getValue() == null) {
      return option.getValue();
    }
    String text =
        option.originalStringValues().isEmpty()
            ? option.defaultValueString() // Of the recipe, if it has one.
            : option.originalStringValues().get(0);
    // The run may be resumed from elsewhere.
    return option.getValue() instanceof Path path ? path.toAbsolutePath().toString() : text;
  }

  /** What the bits of the results depend on beside the options. */
  private static String arithmetic(LeNet net) {
    return net.description().replaceFirst("\\d+ threads?, ", "");
  }

  private static String hash(Dataset train, Dataset test) {
    return train.sha256() + " " + test.sha256();
  }

  /**
   * Reads a file.
   *
   * @throws LeNetException if it cannot be read or is not what {@link #write} writes
   */
  static RunConfig read(Path file) {
    try {
      return new RunConfig(file, (Map<?, ?>) Json.parse(Files.readString(file)));
    } catch (IOException e) {
      throw new LeNetException(file + " could not be read: " + FileReasons.of(e), e);
    } catch (IllegalArgumentException | ClassCastException e) {
      throw new LeNetException(file + " is not a run's configuration: " + e.getMessage(), e);
    }
  }

  /** The options as they would stand on the command line. */
  List<String> arguments() {
    return arguments((name, value) -> true);
  }

  private List<String> arguments(BiPredicate<String, String> wanted) {
    if (!(content.get(OPTIONS) instanceof Map<?, ?> options)) {
      throw new LeNetException(file + " is not a run's configuration: it has no options");
    }
    List<String> arguments = new ArrayList<>();
    options.forEach(
        (key, value) -> {
          String name = (String) key;
          // What it sets is there by itself, and another version's recipe may set something else.
          boolean isRecipe = name.equals(RecipeDefaults.RECIPE);
          if (value instanceof String text && !isRecipe && wanted.test(name, text)) {
            arguments.add(name);
            arguments.add(text);
          } else if (Boolean.TRUE.equals(value)) {
            arguments.add(name);
          }
        });
    return arguments;
  }

  /** The command that repeats the run, for a shell; options with their default are left out. */
  String command() {
    CommandSpec train = CommandSpec.forAnnotatedObject(new TrainCommand());
    List<String> arguments =
        arguments(
            (name, value) -> {
              OptionSpec option = train.findOption(name);
              return option == null || !value.equals(option.defaultValue());
            });
    return Stream.concat(Stream.of("lenet4j", "train"), arguments.stream())
        .map(RunConfig::quoted)
        .collect(Collectors.joining(" "));
  }

  /** An argument as a shell reads it as one word. */
  static String quoted(String argument) {
    return argument.matches("[\\w./:=,@%+-]+")
        ? argument
        : "'" + argument.replace("'", "'\\''") + "'";
  }

  /** All that is known, by name; options that were not given and have no default are left out. */
  Map<String, String> table() {
    Map<String, String> table = new LinkedHashMap<>();
    addTo(table, "", content);
    return table;
  }

  private static void addTo(Map<String, String> table, String prefix, Map<?, ?> values) {
    values.forEach(
        (name, value) -> {
          if (value instanceof Map<?, ?> group) {
            addTo(table, name.equals(OPTIONS) ? "" : name + " ", group);
          } else if (value != null) {
            table.put((prefix + name).replace('_', ' '), String.valueOf(value));
          }
        });
  }

  /**
   * Whether a run can go on here as it began.
   *
   * @return a warning if it ends with other bits than if it had not been interrupted
   * @throws LeNetException if the data are not those that it began with
   */
  Optional<String> check(LeNet net, Dataset train, Dataset test) {
    if (content.get(DATA) instanceof Map<?, ?> data
        && !hash(train, test).equals(data.get(SHA256))) {
      throw new LeNetException(
          "these data are not those that the run in %s began with, which lay in %s"
              .formatted(file.getParent(), data.get("directory")));
    }
    String now = arithmetic(net);
    Object then = content.get(ARITHMETIC);
    return now.equals(then)
        ? Optional.empty()
        : Optional.of(
            "the run began on %s and goes on with %s: the last bits of its results will differ"
                .formatted(then, now));
  }
}
