package org.lenet4j.cli;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import org.lenet4j.LeNetException;
import org.lenet4j.data.Dataset;
import org.lenet4j.io.AtomicFile;
import org.lenet4j.io.Json;
import org.lenet4j.training.Initializer;
import org.lenet4j.training.LeNet;
import org.lenet4j.training.Recipe;
import org.lenet4j.training.Trainer;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code lenet4j train}. */
@Command(
    name = "train",
    abbreviateSynopsis = true,
    defaultValueProvider = RecipeDefaults.class,
    description = {
      "Trains a network, by default just as the chapter does.",
      "",
      "The curves, a report, the history, checkpoints and the weights go to a run folder.",
      "",
      "--recipe modern is short for " + RecipeDefaults.MODERN_OPTIONS + "."
    },
    footer = {
      "",
      "Examples:",
      "  lenet4j train",
      "  lenet4j train --recipe modern",
      "  lenet4j train --recipe modern --epochs 5 --augment flip",
      "  lenet4j train --activation relu --lr 0.1 --epochs 5 --seed 1",
      "  lenet4j train --init lenet.safetensors --lr 0.1 --save better.safetensors",
      "  lenet4j train --data my-idx-files --out runs/first --quiet",
      "  lenet4j train --resume runs/first",
      "  lenet4j train --live --epochs 50",
      "",
      "Ctrl-C ends the step, saves, says how to go on, and exits with 130; so does the button of"
          + " --live."
    })
final class TrainCommand implements Callable<Integer> {
  private static final Logger LOGGER = System.getLogger(TrainCommand.class.getName());
  private static final Path RUNS = Path.of("lenet4j-out");

  /** Options that a resumed run may be given anew. */
  private static final Set<String> RESUMABLE =
      Set.of(
          "--resume",
          "--checkpoint-every",
          "--save",
          "--data",
          "--label-map",
          "--labels",
          "--offline",
          "--device",
          "--threads",
          "--live",
          "--tensorboard",
          "--isa",
          "--no-graph",
          "--quiet",
          "--json",
          "--debug");

  @SuppressWarnings("UnusedVariable") // RecipeDefaults reads it.
  @Option(
      names = RecipeDefaults.RECIPE,
      paramLabel = "NAME",
      defaultValue = "classic",
      converter = Converters.RecipeName.class,
      description = {
        "classic, the chapter's, or modern, which learns more (default: ${DEFAULT-VALUE}).",
        "It sets what other options are by default; with --init, the network is the file's."
      })
  private Recipe recipe;

  @Mixin private TrainerOptions training;
  @Mixin private NetworkOptions network;
  @Mixin private DataOptions data;

  @Option(
      names = "--train-limit",
      paramLabel = "N",
      converter = Converters.AtLeastOne.class,
      description = "Train on the first N examples only (default: all).")
  private Integer trainLimit;

  @Option(
      names = "--init",
      paramLabel = "FILE",
      description = "Start from these weights, a safetensors file (default: random ones).")
  private Path init;

  @Option(
      names = "--initializer",
      paramLabel = "NAME",
      defaultValue = "xavier",
      converter = Converters.InitializerName.class,
      description = "Of random weights: xavier or he (default: ${DEFAULT-VALUE}).")
  private Initializer initializer;

  @Option(
      names = "--standardize",
      paramLabel = "MEAN,DEVIATION",
      arity = "0..1",
      fallbackValue = "data",
      converter = Converters.StandardizeValue.class,
      description = {
        "Subtract this mean from the pixels, taken as 0 to 1, and divide by this deviation; data,"
            + " or no value, takes those of the training set, none takes the pixels as 0 to 1"
            + " (default: what the weights file says, else none)."
      })
  private Standardization standardization;

  @Option(
      names = "--save",
      paramLabel = "FILE",
      description = "Also save the final weights here, as a safetensors file.")
  private Path save;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "The run folder, new or empty (default: the next free lenet4j-out/run-N).")
  private Path out;

  @Option(names = "--force", description = "Let --out overwrite an earlier run.")
  private boolean force;

  @Option(
      names = "--checkpoint-every",
      paramLabel = "STEPS",
      converter = Converters.AtLeastOne.class,
      description = "Save a checkpoint after so many steps too (default: after epochs only).")
  private Integer checkpointEvery;

  @Option(
      names = "--resume",
      paramLabel = "DIR",
      description = {
        "Go on with the run in this folder, with its options and from its last checkpoint. It ends"
            + " with the same bits as if it had never been interrupted."
      })
  private Path resume;

  @Mixin private WatchOptions watching;

  @Option(names = "--dry-run", description = "Show what would be done, with all options, and stop.")
  private boolean dryRun;

  @Option(names = "--quiet", description = "Print the final results only.")
  private boolean quiet;

  @Option(
      names = "--json",
      description = "Print JSON for machines: one object a line, as in history.jsonl.")
  private boolean json;

  @Mixin private CommonOptions common;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    TrainCommand command = resume == null ? this : resumed();
    String conflict = command.training.conflict();
    if (!conflict.isEmpty()) {
      throw new ParameterException(spec.commandLine(), conflict);
    }
    if (force && out == null) {
      throw new ParameterException(spec.commandLine(), "--force needs --out: which run?");
    }
    if (command.save != null) {
      AtomicFile.requireWritable(command.save); // Rather now than after the training.
    }
    if (!command.dryRun) {
      command.watching.check();
    }
    return command.train(new Output(quiet, json));
  }

  /** The command that began the run to resume, with what may differ now. */
  private TrainCommand resumed() {
    RunFolder.requireRun(resume);
    List<String> arguments =
        new ArrayList<>(RunConfig.read(resume.resolve(RunFolder.CONFIG)).arguments());
    for (OptionSpec option : spec.commandLine().getParseResult().matchedOptions()) {
      String name = option.longestName();
      if (!RESUMABLE.contains(name)) {
        throw new ParameterException(
            spec.commandLine(),
            ("--resume keeps the run's own options: %s cannot be given with it; to train on with"
                    + " others, begin a new run from its weights with --init %s")
                .formatted(name, resume.resolve(RunFolder.LAST)));
      }
      arguments.add(name);
      if (option.type() != boolean.class) {
        arguments.addAll(option.originalStringValues());
      }
    }
    TrainCommand command = new TrainCommand();
    try {
      new CommandLine(command)
          .setOverwrittenOptionsAllowed(true)
          .parseArgs(arguments.toArray(String[]::new));
    } catch (ParameterException e) {
      throw new LeNetException(
          "%s is not what this version can resume: %s"
              .formatted(resume.resolve(RunFolder.CONFIG), e.getMessage()),
          e);
    }
    return command;
  }

  private int train(Output output) {
    DataOptions.Source source = data.locate(output);
    try (Dataset all = source.train();
        Dataset train = all.take(trainLimit == null ? all.size() : trainLimit);
        Dataset test = source.test();
        LeNet net = open(source, train, Math.max(all.classes(), test.classes()))) {
      source.requireClasses(net, train);
      source.requireClasses(net, test);
      output.info(
          "%d training and %d test examples from %s"
              .formatted(train.size(), test.size(), source.directory()));
      network
          .whyNoGpu(net)
          .ifPresent(reason -> LOGGER.log(Level.INFO, "using device cpu, not cuda: {0}", reason));
      output.info("training on " + net.device());
      output.info(NetworkOptions.describe(net));
      if (dryRun) {
        output.result(plan(train));
        output.json(planJson(train));
        return 0;
      }
      if (output.showsInfo()) {
        NetworkOptions.shapes(net.summary()).forEach(output::info);
      }
      try (RunFolder folder = folder()) {
        if (resume == null) {
          RunConfig.write(folder.config(), spec, net, source.directory(), train, test);
        } else {
          RunConfig.read(folder.config()).check(net, train, test).ifPresent(output::warn);
        }
        return new TrainingRun(net, train, test, folder, output, training.logsPoints(), watching)
            .run(trainer(), save, "LeNet, %s, on %s".formatted(training.title(), net.device()));
      }
    }
  }

  private String plan(Dataset train) {
    int steps = trainer().stepsPerEpoch(train.size());
    return "%d epochs of %d steps, %d steps in all%nwith %s%nnothing was trained: --dry-run"
        .formatted(
            training.epochs(), steps, (long) steps * training.epochs(), RunConfig.text(spec));
  }

  private String planJson(Dataset train) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("type", "plan");
    fields.put("epochs", training.epochs());
    fields.put("steps_per_epoch", trainer().stepsPerEpoch(train.size()));
    fields.put("options", RunConfig.options(spec));
    return Json.line(fields);
  }

  private LeNet open(DataOptions.Source source, Dataset train, int classes) {
    LeNet.Builder builder = network.builder();
    if (standardization != null) {
      standardization.apply(builder, train);
    }
    Path weights = init;
    if (resume != null && Files.exists(resume.resolve(RunFolder.LAST))) {
      weights = resume.resolve(RunFolder.LAST);
    }
    if (weights == null && !network.hasLabels()) {
      builder.labels(source.labels());
    }
    return weights == null
        ? builder.classes(classes).seed(training.seed()).initializer(initializer).build()
        : builder.load(weights);
  }

  private RunFolder folder() {
    if (resume != null) {
      return RunFolder.of(resume);
    }
    return out == null ? RunFolder.next(RUNS) : RunFolder.at(out, force);
  }

  private Trainer trainer() {
    Trainer trainer = training.trainer();
    return checkpointEvery == null ? trainer : trainer.checkpointEvery(checkpointEvery);
  }
}
