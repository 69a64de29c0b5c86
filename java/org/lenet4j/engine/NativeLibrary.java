package org.lenet4j.engine;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Set;
import java.util.zip.CRC32;
import java.util.zip.CRC32C;
import java.util.zip.Checksum;
import org.bytedeco.javacpp.Loader;
import org.lenet4j.LeNetException;
import org.lenet4j.io.AtomicFile;
import org.lenet4j.io.CacheDirectory;
import org.lenet4j.io.FileReasons;

/**
 * Our shared libraries as files that the system's loader can open. What lies in a jar is copied to
 * {@code native/CHECKSUM/} in the user's cache, where only the user may enter, and is compared with
 * the jar before every use. Two versions do not share a name, and processes that start together
 * need no lock: each puts the same whole file in place.
 */
final class NativeLibrary {
  private static final Set<PosixFilePermission> OWNER_ONLY =
      PosixFilePermissions.fromString("rwx------");
  private static final String REMEDY =
      "name another directory by -Dlenet4j.cache=DIR or the environment variable LENET4J_CACHE";

  private NativeLibrary() {}

  /**
   * Loads a library of this platform's jar for all classes of this class loader.
   *
   * @throws LeNetException if it is not there or the system refuses it; the message says what helps
   */
  static void load(String name) {
    open(find(Loader.getPlatform(), name));
  }

  static void open(Path file) {
    try {
      System.load(file.toString());
    } catch (UnsatisfiedLinkError e) {
      String reason = e.getMessage();
      // So glibc calls what mmap refuses of a file that it has just read.
      if (reason != null && reason.contains("failed to map segment")) {
        reason =
            "%s may not be executed, since its file system is mounted noexec: %s"
                .formatted(file, REMEDY);
      }
      throw new LeNetException(reason, e);
    }
  }

  /** A library as a file. */
  static Path find(String classifier, String name) {
    URL resource = resource(classifier, name);
    if (resource == null) {
      throw new LeNetException(
          "%s is not on the class path: add lenet4j's jar with classifier %s"
              .formatted(name, classifier));
    }
    return resource.getProtocol().equals("file")
        ? Path.of(URI.create(resource.toString()))
        : extract(resource, CacheDirectory.ofUser().resolve("native"));
  }

  /** Where a library is on the class path; null if nowhere. */
  static URL resource(String classifier, String name) {
    String path = "org/lenet4j/internal/" + classifier + "/" + name;
    // Not the class, which sees no other module: the jar is one of its own on the module path.
    return NativeLibrary.class.getClassLoader().getResource(path);
  }

  /** Copies a library to a directory unless it is there already, whole and unchanged. */
  static Path extract(URL resource, Path directory) {
    try {
      byte[] content;
      try (InputStream in = resource.openStream()) {
        content = in.readAllBytes();
      }
      Path home = directory.toAbsolutePath().resolve(fingerprint(content));
      Files.createDirectories(home);
      // Also where they exist already. It fails on another user's directory, as it should.
      Files.setPosixFilePermissions(directory, OWNER_ONLY);
      Files.setPosixFilePermissions(home, OWNER_ONLY);
      Path file = home.resolve(Path.of(resource.getPath()).getFileName());
      if (!Files.exists(file) || !Arrays.equals(Files.readAllBytes(file), content)) {
        AtomicFile.write(file, out -> out.write(content));
      }
      return file;
    } catch (IOException e) {
      throw unusable(directory, FileReasons.of(e), e);
    } catch (LeNetException e) {
      throw unusable(directory, e.getMessage(), e);
    }
  }

  /**
   * Tells versions apart. It need not resist forgery, since the content is compared, and takes no
   * time, while a SHA-256 in a JVM that has just started takes tens of milliseconds.
   */
  private static String fingerprint(byte[] content) {
    return HexFormat.of().toHexDigits((int) checksum(new CRC32(), content))
        + HexFormat.of().toHexDigits((int) checksum(new CRC32C(), content));
  }

  private static long checksum(Checksum checksum, byte[] content) {
    checksum.update(content);
    return checksum.getValue();
  }

  private static LeNetException unusable(Path directory, String reason, Exception cause) {
    return new LeNetException(
        "native code cannot be put into %s (%s): %s".formatted(directory, reason, REMEDY), cause);
  }
}
