package org.lenet4j.internal.presets;

import org.bytedeco.javacpp.ClassProperties;
import org.bytedeco.javacpp.LoadEnabled;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.annotation.Platform;
import org.bytedeco.javacpp.annotation.Properties;
import org.bytedeco.javacpp.tools.Info;
import org.bytedeco.javacpp.tools.InfoMap;
import org.bytedeco.javacpp.tools.InfoMapper;

/** How JavaCPP maps native/include/lenet/engine.h. Internal: not for users of the library. */
@Properties(
    value = @Platform(include = "lenet/engine.h", compiler = "cpp17", link = "lenet"),
    target = "org.lenet4j.internal.binding",
    global = "org.lenet4j.internal.binding.LeNetNative")
public class LeNetPreset implements InfoMapper, LoadEnabled {
  /** Behind a library's name: JavaCPP is not to look for it. */
  static final String LOADED_ELSEWHERE = "#";

  /**
   * org.lenet4j.engine.NativeLibrary loads the libraries; JavaCPP need not extract them as well.
   */
  @Override
  public void init(ClassProperties properties) {
    if (Loader.isLoadLibraries()) {
      properties.get("platform.link").clear();
      properties.setProperty(
          "platform.library", properties.getProperty("platform.library") + LOADED_ELSEWHERE);
    }
  }

  @Override
  public void map(InfoMap infoMap) {
    infoMap.put(new Info("LENET_API").cppTypes().annotations());
    infoMap.put(new Info("lenet::Error").skip());
    infoMap.put(new Info("lenet::Activation", "lenet::Pooling", "lenet::Layer").enumerate());
    infoMap.put(
        new Info("std::unique_ptr<lenet::Engine>")
            .annotations("@UniquePtr")
            .pointerTypes("Engine"));
    infoMap.put(new Info("std::string").annotations("@StdString").valueTypes("String"));
  }
}
