/**
 * The command line, {@link org.lenet4j.cli.Main}. It needs the dependencies that the pom marks as
 * optional (picocli, progressbar, xchart), which the library alone does not.
 */
package org.lenet4j.cli;
