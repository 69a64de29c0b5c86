package org.lenet4j.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.Reader;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import org.bytedeco.cuda.global.cublas;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.cuda.global.cudnn;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * The constants of CUDA, cuBLAS and cuDNN that native/cuda uses, by the headers it is compiled with
 * and by the JavaCPP Presets, whose headers are newer: an enumerator must not have moved between
 * the two, or a library of the other version would understand something else. The list is made from
 * the sources at build time (tests/cuda/constants), so nothing can be missing from it. Reading the
 * Presets' fields loads their libraries, hence the condition.
 */
@EnabledIfSystemProperty(named = "lenet4j.tests.cuda", matches = "true")
class PresetsConstantsTest {
  private static final List<Class<?>> PRESETS = List.of(cudart.class, cublas.class, cudnn.class);

  /** What says a version, which may differ; see {@link #presetsHaveVersionsThatTheEngineTakes}. */
  private static final String VERSION =
      "CUDART_VERSION|CUDNN_VERSION|CUBLAS_VER_(MAJOR|MINOR|PATCH)";

  @Test
  void enumeratorsAreThoseOfThePresets() throws Exception {
    Map<String, Long> used = used();
    used.keySet().removeIf(name -> name.matches(VERSION));
    assertThat(used)
        .hasSizeGreaterThan(100)
        .containsKeys("cudaMemcpyHostToDevice", "CUBLAS_PEDANTIC_MATH", "CUDNN_HEUR_MODE_A");
    Map<String, Long> presets = new TreeMap<>();
    for (String name : used.keySet()) {
      presets.put(name, preset(name));
    }
    assertThat(presets).isEqualTo(used);
  }

  /** The same major versions, which are those of the SONAMEs, and none that is older. */
  @Test
  void presetsHaveVersionsThatTheEngineTakes() throws Exception {
    Map<String, Long> used = used();
    assertThat(preset("CUDA_VERSION")).isGreaterThanOrEqualTo(used.get("CUDART_VERSION"));
    assertThat(preset("CUDA_VERSION") / 1000).isEqualTo(used.get("CUDART_VERSION") / 1000);
    assertThat(preset("CUDNN_VERSION")).isGreaterThanOrEqualTo(used.get("CUDNN_VERSION"));
    assertThat(preset("CUDNN_MAJOR")).isEqualTo(used.get("CUDNN_VERSION") / 10000);
    assertThat(preset("CUBLAS_VER_MAJOR")).isEqualTo(used.get("CUBLAS_VER_MAJOR"));
  }

  private static Map<String, Long> used() throws IOException {
    Properties properties = new Properties();
    try (Reader reader =
        Files.newBufferedReader(Path.of(System.getProperty("lenet4j.cuda.constants")))) {
      properties.load(reader);
    }
    Map<String, Long> used = new TreeMap<>();
    properties.forEach((name, value) -> used.put((String) name, Long.valueOf((String) value)));
    return used;
  }

  private static long preset(String name) throws ReflectiveOperationException {
    for (Class<?> library : PRESETS) {
      for (Field field : library.getFields()) {
        if (field.getName().equals(name) && Modifier.isStatic(field.getModifiers())) {
          return ((Number) field.get(null)).longValue();
        }
      }
    }
    throw new AssertionError("the Presets have no constant " + name);
  }
}
