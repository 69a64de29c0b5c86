package org.lenet4j.data;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.IntBuffer;
import org.lenet4j.LeNetException;

/** Direct buffers, with one clear sentence when the JVM's limit on them is reached. */
final class OffHeap {
  private OffHeap() {}

  static ByteBuffer bytes(int count) {
    try {
      return ByteBuffer.allocateDirect(count);
    } catch (OutOfMemoryError e) {
      throw new LeNetException(
          count
              + " bytes of off-heap memory for a dataset could not be had; raise"
              + " -XX:MaxDirectMemorySize (its default is -Xmx)",
          e);
    }
  }

  static IntBuffer ints(int count) {
    return bytes(Math.multiplyExact(count, Integer.BYTES))
        .order(ByteOrder.nativeOrder())
        .asIntBuffer();
  }
}
