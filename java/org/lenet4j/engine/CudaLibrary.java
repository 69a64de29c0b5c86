package org.lenet4j.engine;

import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.bytedeco.javacpp.Loader;
import org.lenet4j.LeNetException;
import org.lenet4j.Version;
import org.lenet4j.internal.binding.LeNetNative;
import org.lenet4j.internal.presets.CudaPlugin;

/** Loads liblenet_cuda.so and the CUDA libraries, once, when a GPU is asked for. */
final class CudaLibrary {
  private static final String FILE = "liblenet_cuda.so";
  private static final String ABSENT = "the CUDA engine (" + FILE + ") is not on the class path";
  private static final String PLATFORM = "linux-x86_64";
  private static final String PRESETS = "org.bytedeco.cuda.global.cudnn";

  /** What liblenet_cuda.so is linked against, and cublasLt, which cuBLAS is. */
  private static final List<String> NEEDED =
      List.of("libcudart.so.13", "libcublasLt.so.13", "libcublas.so.13", "libcudnn.so.9");

  /** Keep in sync with kOldestCudnn in native/cuda/devices.cpp. */
  private static final String VERSIONS = "CUDA 13, cuBLAS 13 and cuDNN 9.24 or newer";

  private static final String REMEDY =
      "install them by apt (from NVIDIA's repository: apt install cuda-cudart-13-0 libcublas-13-0"
          + " cudnn9-cuda-13), by pip (pip install --target DIR nvidia-cuda-runtime nvidia-cublas"
          + " nvidia-cudnn-cu13 nvidia-cuda-nvrtc, then java -D"
          + CudaPlugin.PATH_PROPERTY
          + "=DIR) or by Maven (org.bytedeco:cuda-redist, cuda-redist-cublas and cuda-redist-cudnn,"
          + " version 13.3-9.25-1.5.14, classifier linux-x86_64); or use --device cpu";

  private static final class Attempt {
    static final String UNAVAILABLE = load();
  }

  /** Searched for once: the class path may be long. */
  private static final class Presence {
    static final boolean ABSENT = NativeLibrary.resource(classifier(), FILE) == null;
  }

  private CudaLibrary() {}

  /** Why the cuda engine's library cannot be used here; empty if it can. */
  static String unavailableReason() {
    return Attempt.UNAVAILABLE;
  }

  /**
   * Likewise, for those who asked for no GPU: who has not installed the engine, and may have no GPU
   * at all, need not read how to install it.
   */
  static String briefUnavailableReason() {
    return isAbsent() ? briefAbsence(Loader.getPlatform()) : unavailableReason();
  }

  static String briefAbsence(String platform) {
    return platform.equals(PLATFORM)
        ? ABSENT + " ('lenet4j doctor' says what to add)"
        : "there is no CUDA engine for " + platform;
  }

  static String absence(String platform) {
    return platform.equals(PLATFORM)
        ? "%s: add the dependency org.lenet4j:lenet4j:%s with classifier %s-gpu, or in a source tree build with mvn -Pgpu; or use --device cpu"
            .formatted(ABSENT, Version.current(), platform)
        : "there is no CUDA engine for %s, only for %s; use --device cpu"
            .formatted(platform, PLATFORM);
  }

  /** Whether somebody may wonder why no GPU is used: there is the engine, or something for it. */
  static boolean isExpected() {
    return !isAbsent() || (Loader.getPlatform().equals(PLATFORM) && NvidiaGpu.isPresent());
  }

  private static boolean isAbsent() {
    return Presence.ABSENT;
  }

  private static String classifier() {
    return Loader.getPlatform() + "-gpu";
  }

  private static String load() {
    if (!NativeEngine.unavailableReason().isEmpty()) {
      return NativeEngine.unavailableReason();
    }
    if (isAbsent()) {
      return absence(Loader.getPlatform());
    }
    if (System.getProperty(CudaPlugin.PATH_PROPERTY) == null) {
      loadPresets();
    }
    try {
      Path library = NativeLibrary.find(classifier(), FILE);
      Loader.load(CudaPlugin.class);
      LeNetNative.open_cuda(library.toString());
      return "";
    } catch (LeNetException e) {
      return e.getMessage();
    } catch (UnsatisfiedLinkError | RuntimeException e) {
      return reason(e);
    }
  }

  /**
   * The JavaCPP Presets for CUDA bring the libraries along, where the user has added them. If they
   * do not load, the system may still have the libraries, so that is no failure yet.
   */
  private static void loadPresets() {
    try {
      Loader.load(Class.forName(PRESETS, false, CudaLibrary.class.getClassLoader()));
    } catch (ClassNotFoundException | LinkageError e) {
      // What is then missing is said when liblenet_cuda.so does not load.
    }
  }

  private static String reason(Throwable e) {
    // The error names the first library that is missing, and an installation mends all at once.
    List<String> missing = NEEDED.stream().filter(name -> !canLoad(name)).toList();
    String what = missing.isEmpty() ? rootMessage(e) : String.join(", ", missing) + " not found";
    List<String> found = loaded();
    return "%s (found: %s), and %s are needed: %s"
        .formatted(what, found.isEmpty() ? "none" : String.join(", ", found), VERSIONS, REMEDY);
  }

  private static boolean canLoad(String name) {
    try {
      Loader.loadGlobal(name);
      return true;
    } catch (UnsatisfiedLinkError e) {
      return false;
    }
  }

  private static String rootMessage(Throwable e) {
    Throwable root = e;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return root.getMessage();
  }

  /** CUDA's libraries in this process, by their paths. */
  static List<String> loaded() {
    return LoadedLibraries.matching("lib(?:cuda|cudart|cublas|cublasLt|cudnn\\w*|nvrtc)\\.so.*");
  }

  /** Where the libraries are looked for, in this order. */
  static String searched() {
    String path = System.getProperty(CudaPlugin.PATH_PROPERTY);
    return (path == null ? "" : "-D" + CudaPlugin.PATH_PROPERTY + "=" + path + ", ")
        + "jars of the JavaCPP Presets on the class path, LD_LIBRARY_PATH, the system";
  }

  /** Where liblenet_cuda.so was loaded from; empty if it was not. */
  static String path() {
    return String.join(", ", LoadedLibraries.matching(Pattern.quote(FILE)));
  }
}
