package org.lenet4j.data;

import java.nio.file.Path;
import java.util.function.UnaryOperator;

/** Where downloads are kept for the user. */
final class CacheDirectory {
  private CacheDirectory() {}

  static Path ofUser() {
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
