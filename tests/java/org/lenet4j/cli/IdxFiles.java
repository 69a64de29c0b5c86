package org.lenet4j.cli;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.lenet4j.data.Dataset;

/** Writes small directories of IDX files. */
final class IdxFiles {
  private IdxFiles() {}

  static Path write(Path directory, Dataset train, Dataset test) throws IOException {
    Files.createDirectories(directory);
    write(directory, "train", train);
    write(directory, "t10k", test);
    return directory;
  }

  private static void write(Path directory, String split, Dataset data) throws IOException {
    ByteBuffer images = ByteBuffer.allocate(16 + data.size() * Dataset.PIXELS);
    images.putInt(0x0803).putInt(data.size()).putInt(Dataset.HEIGHT).putInt(Dataset.WIDTH);
    ByteBuffer labels = ByteBuffer.allocate(8 + data.size());
    labels.putInt(0x0801).putInt(data.size());
    for (int i = 0; i < data.size(); i++) {
      images.put(data.image(i));
      labels.put((byte) data.label(i));
    }
    Files.write(directory.resolve(split + "-images-idx3-ubyte"), images.array());
    Files.write(directory.resolve(split + "-labels-idx1-ubyte"), labels.array());
  }
}
