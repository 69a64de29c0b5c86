package org.lenet4j.internal.presets;

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
public class LeNetPreset implements InfoMapper {
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
