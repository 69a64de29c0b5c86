package org.lenet4j.io;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class CacheDirectoryTest {
  private final Map<String, String> environment = new HashMap<>();
  private final Map<String, String> properties = new HashMap<>(Map.of("user.home", "/home/me"));

  private Path resolve() {
    return CacheDirectory.resolve(environment::get, properties::get);
  }

  @Test
  void theMostSpecificSettingWins() {
    assertThat(resolve()).isEqualTo(Path.of("/home/me/.cache/lenet4j"));
    environment.put("XDG_CACHE_HOME", "/xdg");
    assertThat(resolve()).isEqualTo(Path.of("/xdg/lenet4j"));
    properties.put("lenet4j.cache", "/property");
    assertThat(resolve()).isEqualTo(Path.of("/property"));
    environment.put("LENET4J_CACHE", "/variable");
    assertThat(resolve()).isEqualTo(Path.of("/variable"));
  }

  @Test
  void emptySettingsAndARelativeXdgDirectoryDoNotCount() {
    environment.put("LENET4J_CACHE", "");
    properties.put("lenet4j.cache", " ");
    environment.put("XDG_CACHE_HOME", "relative");
    assertThat(resolve()).isEqualTo(Path.of("/home/me/.cache/lenet4j"));
  }
}
