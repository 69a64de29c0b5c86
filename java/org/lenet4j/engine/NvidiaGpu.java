package org.lenet4j.engine;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** Whether this machine has an NVIDIA GPU, as the kernel shows it, with or without a driver. */
final class NvidiaGpu {
  private static final String VENDOR = "0x10de";
  private static final String DISPLAY_CONTROLLER = "0x03";

  private NvidiaGpu() {}

  static boolean isPresent() {
    return isPresent(Path.of("/"));
  }

  static boolean isPresent(Path root) {
    // The driver, in a container too, and that of Windows where this is its Linux.
    if (Files.exists(root.resolve("dev/nvidiactl"))
        || Files.exists(root.resolve("usr/lib/wsl/lib/libcuda.so.1"))) {
      return true;
    }
    try (DirectoryStream<Path> devices =
        Files.newDirectoryStream(root.resolve("sys/bus/pci/devices"))) {
      for (Path device : devices) {
        if (Files.readString(device.resolve("vendor")).strip().equals(VENDOR)
            && Files.readString(device.resolve("class")).startsWith(DISPLAY_CONTROLLER)) {
          return true;
        }
      }
    } catch (IOException | DirectoryIteratorException e) {
      // No bus to look at.
    }
    return false;
  }
}
