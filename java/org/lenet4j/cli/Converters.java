package org.lenet4j.cli;

import java.util.Arrays;
import java.util.Locale;
import java.util.function.DoublePredicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.lenet4j.engine.Activation;
import org.lenet4j.engine.Device;
import org.lenet4j.engine.EngineConfig;
import org.lenet4j.engine.EngineOptions;
import org.lenet4j.engine.Pooling;
import org.lenet4j.training.Initializer;
import org.lenet4j.training.LeNet;
import org.lenet4j.training.Recipe;
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

  static final class Port implements ITypeConverter<Integer> {
    @Override
    public Integer convert(String text) {
      return integer(text, 0, 65535);
    }
  }

  static final class Threads implements ITypeConverter<Integer> {
    @Override
    public Integer convert(String text) {
      return integer(text, 0, EngineOptions.MAX_THREADS);
    }
  }

  static final class PositiveFloat implements ITypeConverter<Float> {
    @Override
    public Float convert(String text) {
      return (float)
          number(text, "above 0", value -> (float) value > 0 && Float.isFinite((float) value));
    }
  }

  static final class NotNegative implements ITypeConverter<Double> {
    @Override
    public Double convert(String text) {
      return number(text, "of at least 0", value -> value >= 0 && Float.isFinite((float) value));
    }
  }

  static final class BelowOne implements ITypeConverter<Double> {
    @Override
    public Double convert(String text) {
      return number(text, "of at least 0 and below 1", value -> value >= 0 && (float) value < 1);
    }
  }

  static final class UpToOne implements ITypeConverter<Double> {
    @Override
    public Double convert(String text) {
      return number(text, "from 0 to 1", value -> value >= 0 && value <= 1);
    }
  }

  static final class ScheduleName implements ITypeConverter<TrainerOptions.ScheduleName> {
    @Override
    public TrainerOptions.ScheduleName convert(String text) {
      return choice(text, TrainerOptions.ScheduleName.values());
    }
  }

  static final class RecipeName implements ITypeConverter<Recipe> {
    @Override
    public Recipe convert(String text) {
      return choice(text, Recipe.values());
    }
  }

  static final class AugmentationList implements ITypeConverter<TrainerOptions.Augmentation> {
    private static final Pattern SHIFT = Pattern.compile("shift(?:=(\\d{1,2}))?");

    @Override
    public TrainerOptions.Augmentation convert(String text) {
      boolean flip = false;
      int shift = 0;
      for (String part : text.equals("none") ? new String[0] : text.split(",", -1)) {
        Matcher matcher = SHIFT.matcher(part);
        if (part.equals("flip")) {
          flip = true;
        } else if (matcher.matches()) {
          shift = matcher.group(1) == null ? 1 : Integer.parseInt(matcher.group(1));
        } else {
          throw wrong(text);
        }
      }
      if (shift > EngineConfig.MAX_SHIFT) {
        throw wrong(text);
      }
      return new TrainerOptions.Augmentation(flip, shift);
    }

    private static TypeConversionException wrong(String text) {
      return new TypeConversionException(
          "expected none, flip, shift=PIXELS (at most %d) or both with a comma between, got '%s'"
              .formatted(EngineConfig.MAX_SHIFT, text));
    }
  }

  static final class StandardizeValue implements ITypeConverter<Standardization> {
    private static final String EXPECTED =
        "expected data, none or MEAN,DEVIATION of pixels as 0 to 1, the deviation above 0";

    @Override
    public Standardization convert(String text) {
      if (text.equals("data")) {
        return LeNet.Builder::standardize;
      }
      if (text.equals("none")) {
        return (builder, train) -> builder.standardize(0, 1);
      }
      String[] parts = text.split(",", -1);
      if (parts.length == 2) {
        try {
          double mean = Double.parseDouble(parts[0]);
          double deviation = Double.parseDouble(parts[1]);
          if (Math.abs(mean) <= 1 && deviation >= 1e-6 && deviation <= 1) {
            return (builder, train) -> builder.standardize(mean, deviation);
          }
        } catch (NumberFormatException e) {
          // Said below.
        }
      }
      throw new TypeConversionException("%s, got '%s'".formatted(EXPECTED, text));
    }
  }

  static final class InitializerName implements ITypeConverter<Initializer> {
    @Override
    public Initializer convert(String text) {
      return choice(text, Initializer.values());
    }
  }

  static final class Positive implements ITypeConverter<Double> {
    @Override
    public Double convert(String text) {
      return number(text, "above 0", value -> value > 0 && Double.isFinite(value));
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
