package org.lenet4j.engine;

import java.util.List;
import org.bytedeco.javacpp.Loader;
import org.lenet4j.internal.binding.LeNetNative;
import org.lenet4j.internal.presets.CudaPlugin;

/** Loads liblenet_cuda.so and the CUDA libraries, once, when a GPU is asked for. */
final class CudaLibrary {
  private static final String FILE = "liblenet_cuda.so";
  private static final String PRESETS = "org.bytedeco.cuda.global.cudnn";
  private static final String REMEDY =
      "add them by apt (NVIDIA's repository: apt install cudnn9-cuda-13 libcublas-13-0"
          + " cuda-cudart-13-0), by pip (pip install --target DIR nvidia-cudnn-cu13 nvidia-cublas"
          + " nvidia-cuda-nvrtc nvidia-cuda-runtime, then java -D"
          + CudaPlugin.PATH_PROPERTY
          + "=DIR), or by Maven (org.bytedeco:cuda-redist, cuda-redist-cublas and"
          + " cuda-redist-cudnn, version 13.3-9.25-1.5.14, classifier linux-x86_64);"
          + " without a GPU use --device cpu";

  private static final class Attempt {
    static final String UNAVAILABLE = load();
  }

  private CudaLibrary() {}

  /** Why the cuda engine's library cannot be used here; empty if it can. */
  static String unavailableReason() {
    return Attempt.UNAVAILABLE;
  }

  /** The jar that holds liblenet_cuda.so, by its classifier. */
  static String classifier() {
    return Loader.getPlatform() + "-gpu";
  }

  private static String load() {
    if (!NativeEngine.unavailableReason().isEmpty()) {
      return NativeEngine.unavailableReason();
    }
    if (NativeLibrary.resource(classifier(), FILE) == null) {
      return "lenet4j's jar with classifier %s is not on the class path (in a source tree: build with mvn -Pgpu); add it for a GPU, or use --device cpu"
          .formatted(classifier());
    }
    if (System.getProperty(CudaPlugin.PATH_PROPERTY) == null) {
      loadPresets();
    }
    try {
      Loader.load(CudaPlugin.class);
      LeNetNative.open_cuda(NativeLibrary.find(classifier(), FILE).toString());
      return "";
    } catch (UnsatisfiedLinkError | RuntimeException e) {
      return "%s; needed: libcudart.so.13, libcublas.so.13, libcudnn.so.9; loaded: %s; %s"
          .formatted(rootMessage(e), found(), REMEDY);
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

  /** CUDA's libraries in this process. */
  static List<String> loaded() {
    return LoadedLibraries.matching(
        "lib(?:lenet_)?(?:cuda|cudart|cublas|cublasLt|cudnn\\w*|nvrtc)\\.so.*");
  }

  private static String found() {
    List<String> libraries = loaded();
    return libraries.isEmpty() ? "none" : String.join(", ", libraries);
  }

  private static String rootMessage(Throwable e) {
    Throwable root = e;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return root.getMessage();
  }
}
