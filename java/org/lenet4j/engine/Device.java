package org.lenet4j.engine;

import java.util.Locale;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where a network computes, as {@code --device} takes it.
 *
 * @param kind the engine
 * @param index which GPU; 0 for the other kinds
 * @since 0.1.0
 */
public record Device(Kind kind, int index) {
  /**
   * The engines, and the choice between them.
   *
   * @since 0.1.0
   */
  public enum Kind {
    /** The best one that works here. */
    AUTO,
    /** The reference engine in plain Java. */
    JAVA,
    /** Native SIMD kernels. */
    CPU,
    /** An NVIDIA GPU. */
    CUDA
  }

  private static final Pattern CUDA = Pattern.compile("cuda(?::(\\d{1,3}))?");

  /**
   * Only GPUs are counted.
   *
   * @throws IllegalArgumentException if the index is negative, or above 0 without CUDA
   */
  public Device {
    Objects.requireNonNull(kind, "kind must not be null");
    if (index < 0 || (index > 0 && kind != Kind.CUDA)) {
      throw new IllegalArgumentException("device " + kind + " cannot have index " + index);
    }
  }

  /** {@return the best device that works when a network is opened on it} */
  public static Device auto() {
    return new Device(Kind.AUTO, 0);
  }

  /** {@return the reference engine in plain Java} */
  public static Device java() {
    return new Device(Kind.JAVA, 0);
  }

  /** {@return the native engine on this machine's processor} */
  public static Device cpu() {
    return new Device(Kind.CPU, 0);
  }

  /**
   * {@return an NVIDIA GPU}
   *
   * @param index which one, from 0, in CUDA's order
   * @throws IllegalArgumentException if it is negative
   */
  public static Device cuda(int index) {
    return new Device(Kind.CUDA, index);
  }

  /**
   * Reads {@code auto}, {@code java}, {@code cpu}, {@code cuda} or {@code cuda:N}.
   *
   * @param text lower case
   * @return the device of that name
   * @throws IllegalArgumentException for anything else
   */
  public static Device parse(String text) {
    Objects.requireNonNull(text, "text must not be null");
    return switch (text) {
      case "auto" -> auto();
      case "java" -> java();
      case "cpu" -> cpu();
      default -> {
        Matcher cuda = CUDA.matcher(text);
        if (!cuda.matches()) {
          throw new IllegalArgumentException(
              "unknown device '" + text + "': use auto, java, cpu, cuda or cuda:N");
        }
        yield cuda(cuda.group(1) == null ? 0 : Integer.parseInt(cuda.group(1)));
      }
    };
  }

  @Override
  public String toString() {
    String name = kind.name().toLowerCase(Locale.ROOT);
    return kind == Kind.CUDA ? name + ":" + index : name;
  }
}
