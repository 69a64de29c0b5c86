package org.lenet4j.cli;

import org.lenet4j.Version;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Option;

/** What every command has: --help, --version and --debug. */
@Command(
    mixinStandardHelpOptions = true,
    versionProvider = CommonOptions.VersionLine.class,
    sortOptions = false,
    separator = " ",
    optionListHeading = "%nOptions:%n")
final class CommonOptions {
  static final class VersionLine implements IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {"lenet4j " + Version.current()};
    }
  }

  @Option(names = "--debug", description = "Show the stack trace of an error.")
  private boolean debug;
}
