package org.lenet4j;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.Executable;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Parameter;
import java.lang.reflect.Proxy;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lenet4j.data.Dataset;
import org.lenet4j.data.FashionMnist;
import org.lenet4j.data.GreyImage;
import org.lenet4j.data.LabelMap;
import org.lenet4j.data.PixelStatistics;
import org.lenet4j.engine.Device;
import org.lenet4j.engine.Engine;
import org.lenet4j.engine.EngineConfig;
import org.lenet4j.engine.EngineOptions;
import org.lenet4j.engine.EngineState;
import org.lenet4j.engine.Engines;
import org.lenet4j.engine.EpochPlan;
import org.lenet4j.engine.Examples;
import org.lenet4j.engine.Metrics;
import org.lenet4j.engine.ParameterLayout;
import org.lenet4j.io.ProtobufMessage;
import org.lenet4j.io.Safetensors;
import org.lenet4j.io.Tensor;
import org.lenet4j.report.EventFile;
import org.lenet4j.report.LivePage;
import org.lenet4j.report.Report;
import org.lenet4j.report.Run;
import org.lenet4j.training.Checkpoint;
import org.lenet4j.training.ConfusionMatrix;
import org.lenet4j.training.CurvePoint;
import org.lenet4j.training.Epoch;
import org.lenet4j.training.Evaluation;
import org.lenet4j.training.LeNet;
import org.lenet4j.training.Progress;
import org.lenet4j.training.Schedule;
import org.lenet4j.training.Trainer;
import org.lenet4j.training.Training;

/**
 * Every public method and constructor of every exported type, one argument at a time replaced by
 * null or by garbage, and every method of everything that was closed: a result, or an exception
 * that says something; for null one that names the argument. Never an error, never a crash.
 */
class HostileArgumentsTest {
  private static final float[] ARENA = Examples.parameters(EngineConfig.CLASSIC);

  /** Where null is a value: JSON's, and an exception without a cause or a message. */
  private static final Set<String> NULL_IS_A_VALUE =
      Set.of(
          "Json.line(must not be null)",
          "Json.pretty(must not be null)",
          "LeNetException(message)",
          "LeNetException(cause)");

  @TempDir private Path directory;

  private final List<AutoCloseable> opened = new ArrayList<>();
  private final List<Object> receivers = new ArrayList<>();
  private final List<String> faults = new ArrayList<>();
  private int calls;

  @BeforeEach
  void makeReceivers() {
    Dataset data = open(Examples.bars(3, 3));
    LeNet net = open(LeNet.builder().device(Device.cpu()).threads(2).build());
    receivers.addAll(
        List.of(
            data,
            net,
            LeNet.builder().device(Device.java()),
            Trainer.classic().epochs(1).batchSize(2),
            open(Engines.open(Device.java(), EngineConfig.CLASSIC, EngineOptions.DEFAULT)),
            open(Engines.open(Device.cpu(), EngineConfig.CLASSIC, EngineOptions.DEFAULT)),
            open(new EventFile(directory.resolve("events"))),
            open(LivePage.open(0, run(), List.of(), List.of()))));
    for (Object receiver : receivers) {
      if (receiver instanceof Engine engine) {
        int id = engine.addDataset(data);
        engine.startEpoch(new EpochPlan(id, 0, new int[] {0, 1}, 1, new float[] {0.1f, 0.1f}));
      }
    }
    receivers.add(EngineConfig.CLASSIC);
    receivers.add(EngineOptions.DEFAULT);
    receivers.add(Report.of(run(), net, data, training()));
    receivers.add(net.evaluate(data));
    receivers.add(net.evaluate(data).confusion());
  }

  private <T extends AutoCloseable> T open(T resource) {
    opened.add(resource);
    return resource;
  }

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable resource : opened) {
      resource.close();
    }
  }

  @Test
  void noArgumentDoesHarm() throws IOException {
    for (Class<?> type : exported()) {
      for (Constructor<?> constructor : type.getConstructors()) {
        check(constructor, null);
      }
      for (Method method : methods(type)) {
        for (Object receiver : receiversFor(method)) {
          check(method, receiver);
        }
      }
    }
    report(1500);
  }

  @Test
  void nothingThatIsClosedDoesHarm() throws Exception {
    close();
    for (Class<?> type : exported()) {
      for (Method method : methods(type)) {
        for (Object receiver : receiversFor(method)) {
          if (receiver instanceof AutoCloseable) {
            call(method, receiver, good(method), "closed", null);
          }
        }
      }
    }
    report(60);
  }

  private void report(int least) {
    System.out.printf("hostile arguments: %,d calls%n", calls);
    assertThat(faults).isEmpty();
    assertThat(calls).isGreaterThan(least);
  }

  private static List<Class<?>> exported() throws IOException {
    return PublicApi.types().stream().filter(HostileArgumentsTest::isPublic).toList();
  }

  private static boolean isPublic(Class<?> type) {
    return Modifier.isPublic(type.getModifiers())
        && (type.getEnclosingClass() == null || isPublic(type.getEnclosingClass()));
  }

  private static List<Method> methods(Class<?> type) {
    return Arrays.stream(type.getDeclaredMethods())
        .filter(method -> Modifier.isPublic(method.getModifiers()) && !method.isSynthetic())
        .filter(
            method -> !method.getName().matches("close|equals|hashCode|toString|valueOf|values"))
        .toList();
  }

  private List<Object> receiversFor(Method method) {
    Class<?> type = method.getDeclaringClass();
    if (Modifier.isStatic(method.getModifiers())) {
      return Collections.singletonList(null);
    }
    List<Object> made = receivers.stream().filter(type::isInstance).toList();
    if (!made.isEmpty()) {
      return made;
    }
    if (type.isEnum()) {
      return List.of(type.getEnumConstants());
    }
    Object other = good(type, "");
    // What there is only our own stand-in of is for users to implement.
    return Proxy.isProxyClass(other.getClass()) ? List.of() : List.of(other);
  }

  private void check(Executable executable, Object receiver) {
    Parameter[] parameters = executable.getParameters();
    call(executable, receiver, good(executable), "good arguments", null);
    for (int i = 0; i < parameters.length; i++) {
      Parameter parameter = parameters[i];
      for (Object bad : garbage(parameter.getType())) {
        Object[] arguments = good(executable);
        arguments[i] = bad;
        String name = parameter.getName();
        // A setter's parameter is called after the setter.
        String called = name.equals("value") ? "must not be null" : name;
        call(
            executable, receiver, arguments, name + " = " + text(bad), bad == null ? called : null);
      }
    }
  }

  private static String text(Object value) {
    String text =
        value != null && value.getClass().isArray()
            ? value.getClass().getSimpleName() + " of " + java.lang.reflect.Array.getLength(value)
            : String.valueOf(value);
    return text.length() > 60 ? text.substring(0, 60) : text;
  }

  /**
   * One call.
   *
   * @param nullArgument the argument that must be refused because it is null, if there is one
   */
  private void call(
      Executable executable,
      Object receiver,
      Object[] arguments,
      String what,
      String nullArgument) {
    calls++;
    String name =
        executable.getDeclaringClass().getSimpleName()
            + (executable instanceof Method ? "." + executable.getName() : "");
    String where = name + " with " + what;
    try {
      Object result =
          executable instanceof Method method
              ? method.invoke(receiver, arguments)
              : ((Constructor<?>) executable).newInstance(arguments);
      if (result instanceof AutoCloseable resource && !receivers.contains(result)) {
        open(resource);
      }
      if (nullArgument != null && !NULL_IS_A_VALUE.contains(name + "(" + nullArgument + ")")) {
        faults.add(where + " was accepted");
      }
    } catch (InvocationTargetException e) {
      checkThrown(where, e.getCause(), nullArgument);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(where, e);
    }
  }

  private void checkThrown(String where, Throwable thrown, String nullArgument) {
    String message = String.valueOf(thrown.getMessage());
    boolean isKnown =
        thrown instanceof IllegalArgumentException
            || thrown instanceof IllegalStateException
            || thrown instanceof LeNetException
            || thrown instanceof IndexOutOfBoundsException
            || (thrown instanceof NullPointerException && message.endsWith(" must not be null"))
            || isOfCollection(thrown);
    if (!isKnown || message.isBlank()) {
      faults.add(where + " throws " + thrown + " at " + origin(thrown));
    } else if (nullArgument != null && !message.contains(nullArgument)) {
      faults.add(where + " is refused, but not by name: " + message);
    }
  }

  /** The JDK's own word on a null within a list or a map. */
  private static boolean isOfCollection(Throwable thrown) {
    return thrown instanceof NullPointerException
        && Arrays.stream(thrown.getStackTrace())
            .limit(3)
            .anyMatch(frame -> frame.getClassName().startsWith("java.util.ImmutableColl"));
  }

  private static String origin(Throwable thrown) {
    return Arrays.stream(thrown.getStackTrace())
        .filter(frame -> frame.getClassName().startsWith("org.lenet4j"))
        .findFirst()
        .map(Object::toString)
        .orElse("?");
  }

  private Object[] good(Executable executable) {
    return Arrays.stream(executable.getParameters())
        .map(parameter -> good(parameter.getType(), parameter.getName()))
        .toArray();
  }

  /** A value that most methods can do something with. */
  private Object good(Class<?> type, String name) {
    if (type == int.class || type == long.class) {
      int number = name.equals("classes") ? 10 : 1;
      return type == int.class ? (Object) number : (Object) (long) number;
    }
    if (type == double.class) {
      return 0.5;
    }
    if (type == float.class) {
      return 0.5f;
    }
    if (type == boolean.class) {
      return false;
    }
    if (type == byte[].class) {
      return name.equals("pixels") ? new byte[2 * Dataset.PIXELS] : Examples.image(0);
    }
    if (type == int[].class) {
      return new int[] {0, 1};
    }
    if (type == float[].class) {
      return switch (name) {
        case "image" -> new float[Dataset.PIXELS];
        case "learningRates" -> new float[] {0.1f, 0.1f};
        case "values" -> new float[] {1};
        default -> ARENA.clone();
      };
    }
    if (type == String.class) {
      return name.equals("text") ? "cpu" : "conv1.weight";
    }
    if (type == Path.class) {
      return directory.resolve(name.equals("directory") ? "folder" : "file");
    }
    if (type.isEnum()) {
      return type.getEnumConstants()[0];
    }
    if (type == List.class) {
      return name.equals("shape") ? List.of(1) : List.of();
    }
    if (type == Map.class) {
      return Map.of();
    }
    if (type == Optional.class) {
      return Optional.empty();
    }
    return object(type);
  }

  private Object object(Class<?> type) {
    Metrics metrics = new Metrics(1, 1, 2);
    EngineState state = new EngineState(ARENA, ARENA, 0, metrics);
    Training training = training();
    CurvePoint point = training.curve().get(0);
    Epoch epoch = training.last();
    ConfusionMatrix confusion = ConfusionMatrix.of(10, new int[] {0, 1}, new int[] {0, 2});
    Stream<Object> known =
        Stream.of(
                receivers.stream(),
                Stream.of(
                    ParameterLayout.of(10),
                    ParameterLayout.of(10).tensors().get(0),
                    Device.java(),
                    new EpochPlan(0, 0, new int[] {0, 1}, 1, new float[] {0.1f, 0.1f}),
                    metrics,
                    state,
                    point,
                    epoch,
                    new Tensor("t", List.of(1), new float[] {1}),
                    new Safetensors(List.of(), Map.of()),
                    new ProtobufMessage(),
                    confusion,
                    confusion.accuracyInterval(),
                    new Evaluation(1, confusion),
                    training,
                    new Progress(1, 1, 1, 2, 1, 2, Optional.of(point), Optional.of(epoch)),
                    new Checkpoint(
                        EngineConfig.CLASSIC,
                        List.of(),
                        state,
                        metrics,
                        1,
                        1,
                        List.of(epoch),
                        List.of(point),
                        Map.of()),
                    Schedule.constant(),
                    run(),
                    new PixelStatistics(0.5, 0.5),
                    new GreyImage(Examples.image(0), 28, 28, false),
                    new BufferedImage(3, 2, BufferedImage.TYPE_INT_ARGB),
                    FashionMnist.Options.defaults().withDirectory(directory).withOffline(true),
                    new ByteArrayOutputStream(),
                    new IOException("a reason"),
                    URI.create("https://localhost/"),
                    new Throwable("a cause")))
            .flatMap(values -> values.map(Object.class::cast));
    return known
        .filter(type::isInstance)
        .findFirst()
        .orElseGet(() -> type == LabelMap.class ? labelMap() : made(type));
  }

  private static Training training() {
    Epoch epoch = new Epoch(1, 0.1, 1, 0.5, 1, 0.5, 1, 0.5, 10, 1, 1, 1);
    CurvePoint point = new CurvePoint(0.5, 1, 0.5);
    return new Training(List.of(epoch), List.of(point), Training.Outcome.COMPLETE);
  }

  private static Run run() {
    return new Run("run-1", "on java", "lenet4j train", Map.of());
  }

  private Object labelMap() {
    try {
      return LabelMap.read(Files.writeString(directory.resolve("map"), "0 zero\n1 one\n2 two\n"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Of an interface, something that does nothing; of a record, one of good components. */
  private Object made(Class<?> type) {
    try {
      if (type.isInterface()) {
        return Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (proxy, method, arguments) ->
                method.getReturnType() == boolean.class ? (Object) false : null);
      }
      for (Constructor<?> constructor : type.getConstructors()) {
        return constructor.newInstance(good(constructor));
      }
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(type.toString(), e);
    }
    throw new AssertionError("the test has no " + type);
  }

  /** Null where that is possible, and what else nobody should pass. */
  private List<Object> garbage(Class<?> type) {
    if (type == int.class) {
      return List.of(0, -1, Integer.MIN_VALUE, 2_000_000);
    }
    if (type == long.class) {
      return List.of(0L, -1L, Long.MIN_VALUE, Long.MAX_VALUE);
    }
    if (type == double.class) {
      return List.of(0.0, -1.0, Double.NaN, Double.POSITIVE_INFINITY, Double.MAX_VALUE);
    }
    if (type == float.class) {
      return List.of(0f, -1f, Float.NaN, Float.NEGATIVE_INFINITY, Float.MAX_VALUE);
    }
    if (type == boolean.class) {
      return List.of(true);
    }
    List<Object> bad = new ArrayList<>();
    bad.add(null);
    if (type == byte[].class) {
      bad.addAll(List.of(new byte[0], new byte[1], new byte[785], new byte[3 * 784]));
    } else if (type == int[].class) {
      bad.addAll(List.of(new int[0], new int[] {-1}, new int[] {Integer.MAX_VALUE, 0}));
    } else if (type == float[].class) {
      float[] notANumber = ARENA.clone();
      Arrays.fill(notANumber, Float.NaN);
      bad.addAll(List.of(new float[0], new float[1], notANumber, new float[] {Float.NaN, 1}));
    } else if (type == String.class) {
      bad.addAll(List.of("", "\0", "%s%n", "../../etc/passwd", "x".repeat(100_000), "\ud800"));
    } else if (type == Path.class) {
      bad.addAll(List.of(directory, directory.resolve("no/such")));
    } else if (type == List.class) {
      bad.add(Collections.singletonList(null));
    } else if (type == Map.class) {
      bad.add(Collections.singletonMap("", null));
    } else if (type == Dataset.class) {
      bad.add(closed(Examples.bars(2, 2)));
      bad.add(open(Dataset.of(new byte[784], new int[] {1023})));
    } else if (type == LeNet.class) {
      bad.add(closed(LeNet.builder().device(Device.cpu()).build()));
    } else if (type == OutputStream.class) {
      bad.add(OutputStream.nullOutputStream());
    }
    return bad;
  }

  private static <T extends AutoCloseable> T closed(T resource) {
    try {
      resource.close();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
    return resource;
  }
}
