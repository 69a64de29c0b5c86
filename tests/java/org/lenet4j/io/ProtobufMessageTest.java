package org.lenet4j.io;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HexFormat;
import org.junit.jupiter.api.Test;

/** Bytes that protobuf's encoding guide gives, and those at the borders of a varint. */
class ProtobufMessageTest {
  private static String hex(ProtobufMessage message) {
    return HexFormat.ofDelimiter(" ").formatHex(message.toByteArray());
  }

  @Test
  void encodesAsTheGuideDoes() {
    ProtobufMessage number = new ProtobufMessage().integer(1, 150);
    assertThat(hex(number)).isEqualTo("08 96 01");
    assertThat(hex(new ProtobufMessage().string(2, "testing")))
        .isEqualTo("12 07 74 65 73 74 69 6e 67");
    assertThat(hex(new ProtobufMessage().message(3, number))).isEqualTo("1a 03 08 96 01");
  }

  @Test
  void encodesEveryLength() {
    assertThat(hex(new ProtobufMessage().integer(1, 0))).isEqualTo("08 00");
    assertThat(hex(new ProtobufMessage().integer(1, 127))).isEqualTo("08 7f");
    assertThat(hex(new ProtobufMessage().integer(1, 128))).isEqualTo("08 80 01");
    assertThat(hex(new ProtobufMessage().integer(1, -1)))
        .isEqualTo("08 ff ff ff ff ff ff ff ff ff 01");
    assertThat(hex(new ProtobufMessage().integer(16, 1))).isEqualTo("80 01 01");
    assertThat(hex(new ProtobufMessage().string(1, "\u00f6"))).isEqualTo("0a 02 c3 b6");
    assertThat(new ProtobufMessage().bytes(1, new byte[300]).toByteArray())
        .hasSize(303)
        .startsWith(0x0a, 0xac, 0x02);
  }
}
