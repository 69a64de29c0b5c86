package org.lenet4j.cli;

import java.io.PrintWriter;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.lenet4j.LeNetException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** The lenet4j command. */
@Command(
    name = "lenet4j",
    description = {
      "Trains LeNet on Fashion-MNIST, as the LeNet chapter of \"Dive into Deep Learning\" does.",
      "",
      "Without a command it trains: options alone are those of 'lenet4j train'."
    },
    commandListHeading = "%nCommands:%n",
    footer = {
      "",
      "Examples:",
      "  lenet4j                          the chapter's training, 10 epochs",
      "  lenet4j --epochs 1 --device cpu  one epoch on the CPU",
      "  lenet4j help train               all that can be chosen",
      "  mvn compile exec:java -Dexec.args=\"train --epochs 1\"",
      "",
      "Here and in messages, lenet4j stands for java -jar lenet4j-cli.jar.",
      "Exit status: 0 done, 1 failed, 2 wrong usage, 130 stopped by Ctrl-C or on the live page."
    })
public final class Main {
  private static final Set<String> VERSION_OPTIONS = Set.of("-V", "--version");
  private static final Set<String> OWN_OPTIONS = Set.of("-h", "--help", "-V", "--version");

  /** In the order of the help. */
  private static final List<String> COMMANDS =
      List.of("train", "evaluate", "predict", "export", "summary", "bench", "doctor");

  @Mixin private CommonOptions common;

  private Main() {}

  /** Runs a command; ends the JVM only if it failed, since Maven may be running in it. */
  public static void main(String[] args) {
    // Before any class of AWT is loaded: plots need no display.
    System.setProperty("java.awt.headless", "true");
    // What no option is made of; picocli would load all of it.
    System.setProperty("picocli.converters.excludes", "java[.]sql[.].*,java[.]time[.].*");
    String[] arguments = trainByDefault(args);
    if (COMMANDS.contains(arguments[0])) {
      Preloading.start(arguments[0]);
      LogFormatter.install();
    }
    int status = commandLine(arguments[0]).execute(arguments);
    System.out.flush();
    System.err.flush();
    if (status != 0) {
      System.exit(status);
    }
  }

  /** With all commands. */
  static CommandLine commandLine() {
    return commandLine("");
  }

  /** With the commands that these words can be about: picocli takes long to read each. */
  private static CommandLine commandLine(String name) {
    CommandLine main = new CommandLine(new Main());
    if (COMMANDS.contains(name)) {
      main.addSubcommand(command(name));
    } else if (!VERSION_OPTIONS.contains(name)) {
      COMMANDS.forEach(each -> main.addSubcommand(command(each)));
      main.addSubcommand(new HelpCommand());
    }
    return main.setUsageHelpAutoWidth(true)
        .setParameterExceptionHandler(Main::usageError)
        .setExecutionExceptionHandler((e, command, parsed) -> failure(e, command));
  }

  private static Object command(String name) {
    return switch (name) {
      case "train" -> new TrainCommand();
      case "evaluate" -> new EvaluateCommand();
      case "predict" -> new PredictCommand();
      case "export" -> new ExportCommand();
      case "summary" -> new SummaryCommand();
      case "bench" -> new BenchCommand();
      case "doctor" -> new DoctorCommand();
      default -> throw new IllegalArgumentException(name);
    };
  }

  static String[] trainByDefault(String[] args) {
    boolean commandless =
        args.length == 0 || (args[0].startsWith("-") && !OWN_OPTIONS.contains(args[0]));
    return commandless
        ? Stream.concat(Stream.of("train"), Arrays.stream(args)).toArray(String[]::new)
        : args;
  }

  private static int usageError(ParameterException e, String[] args) {
    CommandLine command = e.getCommandLine();
    PrintWriter err = command.getErr();
    err.println("error: " + message(e));
    UnmatchedArgumentException.printSuggestions(e, err);
    err.println("See '" + command.getCommandSpec().qualifiedName() + " --help'.");
    err.flush();
    return command.getCommandSpec().exitCodeOnInvalidInput();
  }

  /** Picocli's own words, but for what it cannot place: the first such argument is the mistake. */
  private static String message(ParameterException e) {
    if (!(e instanceof UnmatchedArgumentException unmatched)) {
      return e.getMessage();
    }
    String argument = unmatched.getUnmatched().get(0);
    if (unmatched.isUnknownOption()) {
      return "Unknown option '%s'".formatted(argument);
    }
    if (COMMANDS.contains(argument)) {
      return "'%s' is a command: it must be the first word".formatted(argument);
    }
    boolean hasCommands = !e.getCommandLine().getSubcommands().isEmpty();
    return "%s '%s'".formatted(hasCommands ? "Unknown command" : "Unexpected argument", argument);
  }

  private static int failure(Exception e, CommandLine command) {
    PrintWriter err = command.getErr();
    boolean debug = command.getParseResult().hasMatchedOption("--debug");
    if (debug) {
      e.printStackTrace(err);
    } else if (e instanceof LeNetException) {
      err.println("error: " + e.getMessage());
    } else {
      err.println("error: unexpected " + e + "; add --debug for the stack trace");
    }
    err.flush();
    return command.getCommandSpec().exitCodeOnExecutionException();
  }
}
