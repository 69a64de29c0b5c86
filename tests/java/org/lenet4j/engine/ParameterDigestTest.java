package org.lenet4j.engine;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.BufferedWriter;
import java.io.IOException;
import java.io.Reader;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bytedeco.javacpp.Loader;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.lenet4j.data.Dataset;
import org.lenet4j.io.Sha256;

/**
 * The parameters after 200 steps, down to the last bit: no change of a kernel, a JDK or the number
 * of threads may alter them unnoticed. The digests in tests/golden hold for one compiler, since
 * each contracts and orders floating point in its own way; with another one the test is skipped.
 *
 * <p>After a change that is meant to alter them: {@code mvn test -Dtest=ParameterDigestTest
 * -Dlenet4j.tests.write-digests=true}, on a machine with AVX-512.
 */
class ParameterDigestTest {
  private static final Path FILE = Path.of("tests", "golden", "parameter-digests.properties");
  private static final Pattern COMPILER =
      Pattern.compile("GCC: \\([^)]*\\) [0-9.]+|clang version [0-9.]+");

  private static final int STEPS = 200;
  private static final int EXAMPLES = 330;
  private static final int BATCH_SIZE = 50; // The last one has 30.

  @ParameterizedTest
  @MethodSource("org.lenet4j.engine.EngineUnderTest#natives")
  void isTheStoredOne(EngineUnderTest engine) throws IOException {
    String digest = digest(engine, 1);
    for (int threads : new int[] {2, 5}) {
      assertThat(digest(engine, threads)).as("%d threads", threads).isEqualTo(digest);
    }
    String key = engine.options().instructionSet() + ", " + compiler();
    Map<String, String> stored = stored();
    if (Boolean.getBoolean("lenet4j.tests.write-digests")) {
      stored.put(key, digest);
      write(stored);
    }
    assumeThat(stored).as("digests for this compiler").containsKey(key);
    assertThat(digest).as(key).isEqualTo(stored.get(key));
  }

  /** Of the classic network and of one with everything that it lacks. */
  private static String digest(EngineUnderTest underTest, int threads) {
    MessageDigest digest = Sha256.newDigest();
    EngineConfig classic = EngineConfig.CLASSIC;
    EngineConfig modern =
        classic
            .withVariant(Activation.RELU, Pooling.MAX)
            .withMomentum(0.9f, true)
            .withWeightDecay(5e-4f)
            .withLabelSmoothing(0.05f)
            .withAugmentation(true, 1, 7);
    update(digest, train(underTest, threads, classic, 0.5f));
    update(digest, train(underTest, threads, modern, 0.01f));
    return HexFormat.of().formatHex(digest.digest());
  }

  private static void update(MessageDigest digest, EngineState state) {
    for (float[] arena : new float[][] {state.parameters(), state.velocities()}) {
      ByteBuffer bytes = ByteBuffer.allocate(4 * arena.length);
      bytes.asFloatBuffer().put(arena);
      digest.update(bytes);
    }
  }

  private static EngineState train(
      EngineUnderTest underTest, int threads, EngineConfig config, float rate) {
    try (Dataset data = Examples.dataset(EXAMPLES, 10);
        Engine engine = underTest.open(config, threads)) {
      engine.setParameters(Examples.parameters(config));
      int id = engine.addDataset(data);
      float[] rates = new float[EpochPlan.batches(EXAMPLES, BATCH_SIZE)];
      Arrays.fill(rates, rate);
      int left = STEPS;
      for (int epoch = 0; left > 0; epoch++) {
        int[] order = CounterRandom.permutation(EXAMPLES, 9, epoch);
        engine.startEpoch(new EpochPlan(id, epoch, order, BATCH_SIZE, rates));
        int steps = Math.min(left, rates.length);
        engine.run(steps);
        left -= steps;
      }
      return engine.state();
    }
  }

  /** As the compiler has signed the library. */
  private static String compiler() throws IOException {
    Path library = NativeLibrary.find(Loader.getPlatform(), "liblenet.so");
    Matcher signature = COMPILER.matcher(Files.readString(library, ISO_8859_1));
    return signature.find() ? signature.group() : "an unknown compiler";
  }

  private static Map<String, String> stored() throws IOException {
    Properties properties = new Properties();
    try (Reader in = Files.newBufferedReader(FILE)) {
      properties.load(in);
    }
    Map<String, String> sorted = new TreeMap<>();
    properties.forEach((key, value) -> sorted.put((String) key, (String) value));
    return sorted;
  }

  /** Without the date that Properties would add. */
  private static void write(Map<String, String> digests) throws IOException {
    try (BufferedWriter out = Files.newBufferedWriter(FILE)) {
      for (Map.Entry<String, String> digest : digests.entrySet()) {
        String key = digest.getKey().replaceAll("[ :=]", "\\\\$0");
        out.write(key + "=" + digest.getValue() + "\n");
      }
    }
  }
}
