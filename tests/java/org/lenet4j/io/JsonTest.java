package org.lenet4j.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTest {
  @Test
  void comesBackAsItWas() {
    Map<String, Object> value = new LinkedHashMap<>();
    value.put("text", "\u00e4\"\n");
    value.put("long", Long.MIN_VALUE);
    value.put("list", Arrays.asList(0.1, -0.0, Double.MIN_VALUE, 1e300, true, null));
    value.put("empty", List.of(Map.of(), List.of()));
    assertThat(Json.parse(Json.line(value))).isEqualTo(value);
    assertThat(Json.parse(Json.pretty(value))).isEqualTo(value);
    assertThat(Json.line(value)).doesNotContain("\n");
  }

  @Test
  void writesWhatJsonLacksAsNull() {
    assertThat(Json.line(List.of(Double.NaN, Float.POSITIVE_INFINITY, 1, 0.5f)))
        .isEqualTo("[null,null,1,0.5]");
    assertThatThrownBy(() -> Json.line(new Object())).isInstanceOf(IllegalArgumentException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "{", "[1,", "{\"a\":1,\"a\":2}", "1 2", "nul", "[1}", "\"", "1e"})
  void refusesAnythingElse(String text) {
    assertThatThrownBy(() -> Json.parse(text)).isInstanceOf(IllegalArgumentException.class);
  }

  /** A limit of the parser's own, whose exception names no place. */
  @Test
  void refusesDeepNesting() {
    assertThatThrownBy(() -> Json.parse("[".repeat(1200)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("nesting depth");
  }
}
