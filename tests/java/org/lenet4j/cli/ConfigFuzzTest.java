package org.lenet4j.cli;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.lenet4j.LeNetException;

/** As DataFuzzTest, for the configuration of a run that is to go on. */
class ConfigFuzzTest {
  @TempDir private static Path directory;

  @FuzzTest(maxDuration = "20s")
  void config(byte[] data) throws IOException {
    Path file = directory.resolve("config.json");
    Files.write(file, data);
    try {
      RunConfig config = RunConfig.read(file);
      config.table();
      config.arguments();
      config.command();
    } catch (LeNetException e) {
      // As it should be.
    }
  }
}
