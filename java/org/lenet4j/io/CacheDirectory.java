package org.lenet4j.io;

import java.nio.file.Path;
import java.util.function.UnaryOperator;

/**
 * Where downloads and native libraries are kept for the user: {@code $LENET4J_CACHE}, else the
 * system property {@code lenet4j.cache}, else {@code lenet4j} in {@code $XDG_CACHE_HOME}, else
 * {@code ~/.cache/lenet4j}.
 */
public final class CacheDirectory {
  private CacheDirectory() {}

  public static Path ofUser() {
    return resolve(System::getenv, System::getProperty);
  }

  /** The first of the places that is set; an empty variable counts as not set. */
  static Path resolve(UnaryOperator<String> environment, UnaryOperator<String> properties) {
    String named = environment.apply("LENET4J_CACHE");
    if (isSet(named)) {
      return Path.of(named);
    }
    named = properties.apply("lenet4j.cache");
    if (isSet(named)) {
      return Path.of(named);
    }
    String xdg = environment.apply("XDG_CACHE_HOME");
    // The XDG specification has relative paths ignored.
    if (isSet(xdg) && Path.of(xdg).isAbsolute()) {
      return Path.of(xdg, "lenet4j");
    }
    return Path.of(properties.apply("user.home"), ".cache", "lenet4j");
  }

  private static boolean isSet(String value) {
    return value != null && !value.isBlank();
  }
}
