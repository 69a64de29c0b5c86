package org.lenet4j.internal.presets;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.bytedeco.javacpp.ClassProperties;
import org.bytedeco.javacpp.LoadEnabled;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.annotation.Platform;
import org.bytedeco.javacpp.annotation.Properties;

/**
 * How JavaCPP loads the CUDA libraries that liblenet_cuda.so needs, but not that one itself: from
 * the directories of system property lenet4j.cuda.path, else from jars that are laid out like those
 * of the JavaCPP Presets, else from where the system finds them. Names no class of
 * org.bytedeco.cuda, since it must load without them. Internal: not for users of the library.
 */
@Properties(@Platform(value = "linux", library = "lenet_cuda"))
public class CudaPlugin implements LoadEnabled {
  /** System property: directories of CUDA libraries, separated like those of a class path. */
  public static final String PATH_PROPERTY = "lenet4j.cuda.path";

  /**
   * All of them, in this order: libcudnn opens its parts by name as it needs them and does not look
   * where it was found itself, so one that is missing here would be missing there.
   */
  private static final List<String> PRELOADED =
      List.of(
          "cudart@.13",
          "nvrtc-builtins@.13.0",
          "nvrtc-builtins@.13.1",
          "nvrtc-builtins@.13.2",
          "nvrtc-builtins@.13.3",
          "nvrtc@.13",
          "cublasLt@.13",
          "cublas@.13",
          "cudnn@.9",
          "cudnn_ext@.9",
          "cudnn_graph@.9",
          "cudnn_ops@.9",
          "cudnn_heuristic@.9",
          "cudnn_engines_precompiled@.9",
          "cudnn_engines_runtime_compiled@.9",
          "cudnn_engines_tensor_ir@.9",
          "cudnn_cnn@.9");

  /** Where they lie below a directory: a toolkit has the first two, Python wheels the others. */
  private static final List<String> SUBDIRECTORIES =
      List.of("", "lib", "lib64", "cu13/lib", "cudnn/lib", "nvidia/cu13/lib", "nvidia/cudnn/lib");

  @Override
  public void init(ClassProperties properties) {
    if (!Loader.isLoadLibraries()) {
      return;
    }
    properties.setProperty("platform.library", "lenet_cuda" + LeNetPreset.LOADED_ELSEWHERE);
    properties.get("platform.preload").addAll(PRELOADED);
    properties.get("platform.preloadresource").add("/org/bytedeco/cuda/");
    List<String> paths = properties.get("platform.preloadpath");
    for (String directory : System.getProperty(PATH_PROPERTY, "").split(File.pathSeparator)) {
      for (String subdirectory : SUBDIRECTORIES) {
        Path path = Path.of(directory, subdirectory);
        if (!directory.isEmpty() && Files.isDirectory(path)) {
          paths.add(path.toString());
        }
      }
    }
  }
}
