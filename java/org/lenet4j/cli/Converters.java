package org.lenet4j.cli;

import java.util.Arrays;
import java.util.Locale;
import java.util.function.DoublePredicate;
import java.util.stream.Collectors;
import org.lenet4j.engine.Activation;
import org.lenet4j.engine.Device;
import org.lenet4j.engine.EngineOptions;
import org.lenet4j.engine.Pooling;
import org.lenet4j.training.Initializer;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads option values, so that a wrong one is a usage error that says what is right. */
final class Converters {
  private Converters() {}

  static final class AtLeastOne implements ITypeConverter<Integer> {
    @Override
    public Integer convert(String text) {
      return integer(text, 1, Integer.MAX_VALUE);
    }
  }

  static final class Threads implements ITypeConverter<Integer> {
    @Override
    public Integer convert(String text) {
      return integer(text, 0, EngineOptions.MAX_THREADS);
    }
  }

  static final class LearningRate implements ITypeConverter<Float> {
    @Override
    public Float convert(String text) {
      return (float)
          number(text, "above 0", value -> (float) value > 0 && Float.isFinite((float) value));
    }
  }

  static final class NotNegative implements ITypeConverter<Double> {
    @Override
    public Double convert(String text) {
      return number(text, "of at least 0", value -> value >= 0 && Double.isFinite(value));
    }
  }

  static final class Fraction implements ITypeConverter<Double> {
    @Override
    public Double convert(String text) {
      return number(text, "of at least 0 and below 1", value -> value >= 0 && (float) value < 1);
    }
  }

  static final class Share implements ITypeConverter<Double> {
    @Override
    public Double convert(String text) {
      return number(text, "from 0 to 1", value -> value >= 0 && value <= 1);
    }
  }

  static final class Schedule implements ITypeConverter<TrainerOptions.ScheduleName> {
    @Override
    public TrainerOptions.ScheduleName convert(String text) {
      return choice(text, TrainerOptions.ScheduleName.values());
    }
  }

  static final class InitializerName implements ITypeConverter<Initializer> {
    @Override
    public Initializer convert(String text) {
      return choice(text, Initializer.values());
    }
  }

  static final class DeviceName implements ITypeConverter<Device> {
    @Override
    public Device convert(String text) {
      try {
        return Device.parse(text);
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException(e.getMessage());
      }
    }
  }

  static final class ActivationName implements ITypeConverter<Activation> {
    @Override
    public Activation convert(String text) {
      return choice(text, Activation.values());
    }
  }

  static final class PoolingName implements ITypeConverter<Pooling> {
    @Override
    public Pooling convert(String text) {
      return choice(text, Pooling.values());
    }
  }

  static final class ExportFormat implements ITypeConverter<ExportCommand.Format> {
    @Override
    public ExportCommand.Format convert(String text) {
      return choice(text, ExportCommand.Format.values());
    }
  }

  private static int integer(String text, int least, int most) {
    try {
      int value = Integer.parseInt(text);
      if (value >= least && value <= most) {
        return value;
      }
    } catch (NumberFormatException e) {
      // Said below.
    }
    throw new TypeConversionException(
        "expected a whole number from %d to %d, got '%s'".formatted(least, most, text));
  }

  private static double number(String text, String expected, DoublePredicate allowed) {
    try {
      double value = Double.parseDouble(text);
      if (allowed.test(value)) {
        return value;
      }
    } catch (NumberFormatException e) {
      // Said below.
    }
    throw new TypeConversionException("expected a number %s, got '%s'".formatted(expected, text));
  }

  private static <E extends Enum<E>> E choice(String text, E[] values) {
    return Arrays.stream(values)
        .filter(value -> lower(value).equals(text))
        .findFirst()
        .orElseThrow(
            () ->
                new TypeConversionException(
                    "expected %s, got '%s'"
                        .formatted(
                            Arrays.stream(values)
                                .map(Converters::lower)
                                .collect(Collectors.joining(" or ")),
                            text)));
  }

  /** The name by which the command line knows a constant. */
  static String lower(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
