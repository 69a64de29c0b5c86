/**
 * LeNet, trained from Java at native speed. Start with {@link org.lenet4j.training}.
 *
 * <p>The native code is in a jar of its own, which the class path or the module path may hold.
 */
module org.lenet4j {
  requires transitive java.desktop;
  requires com.fasterxml.jackson.core;
  requires jdk.httpserver;
  requires org.bytedeco.javacpp;

  // The command line only.
  requires static info.picocli;
  requires static java.logging;
  requires static java.management;
  requires static me.tongfei.progressbar;
  requires static org.knowm.xchart;

  exports org.lenet4j;
  exports org.lenet4j.data;
  exports org.lenet4j.engine;
  exports org.lenet4j.report;
  exports org.lenet4j.training;

  // JavaCPP makes instances of what its classes are generated from.
  exports org.lenet4j.internal.presets to
      org.bytedeco.javacpp;

  opens org.lenet4j.cli to
      info.picocli;
}
