package org.lenet4j.io;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * JSON as plain values: Map with String keys, List, String, Number, Boolean and null. Numbers are
 * read as Long where they are whole and as Double elsewhere; a finite double comes back with the
 * same bits. NaN and infinities, which JSON lacks, are written as null.
 */
public final class Json {
  static final JsonFactory FACTORY =
      new JsonFactory().enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION);

  private Json() {}

  /** One line, without its end. */
  public static String line(Object value) {
    return format(value, false);
  }

  /** Indented for people, with a line end. */
  public static String pretty(Object value) {
    return format(value, true) + "\n";
  }

  private static String format(Object value, boolean indented) {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = FACTORY.createGenerator(text)) {
      if (indented) {
        json.setPrettyPrinter(new DefaultPrettyPrinter());
      }
      write(json, value);
    } catch (IOException e) {
      throw new UncheckedIOException(e); // Writing to memory does not fail.
    }
    return text.toString();
  }

  private static void write(JsonGenerator json, Object value) throws IOException {
    if (value instanceof Map<?, ?> map) {
      json.writeStartObject();
      for (Map.Entry<?, ?> entry : map.entrySet()) {
        json.writeFieldName((String) entry.getKey());
        write(json, entry.getValue());
      }
      json.writeEndObject();
    } else if (value instanceof List<?> list) {
      json.writeStartArray();
      for (Object element : list) {
        write(json, element);
      }
      json.writeEndArray();
    } else if (value instanceof Double number) {
      if (Double.isFinite(number)) {
        json.writeNumber(number);
      } else {
        json.writeNull();
      }
    } else if (value instanceof Float number) {
      if (Float.isFinite(number)) {
        json.writeNumber(number);
      } else {
        json.writeNull();
      }
    } else if (value instanceof Number number) {
      json.writeNumber(number.longValue());
    } else if (value instanceof Boolean bool) {
      json.writeBoolean(bool);
    } else if (value instanceof String text) {
      json.writeString(text);
    } else if (value == null) {
      json.writeNull();
    } else {
      throw new IllegalArgumentException("JSON has no " + value.getClass());
    }
  }

  /**
   * Reads one value.
   *
   * @throws IllegalArgumentException if the text is anything but one; the message says where
   */
  public static Object parse(String text) {
    Objects.requireNonNull(text, "text must not be null");
    try (JsonParser json = FACTORY.createParser(text)) {
      json.nextToken();
      Object value = value(json);
      if (json.nextToken() != null) {
        throw new IllegalArgumentException("more text follows the JSON value");
      }
      return value;
    } catch (JsonProcessingException e) {
      String reason = e.getOriginalMessage().lines().findFirst().orElse("not JSON");
      JsonLocation at =
          e.getLocation(); // None where a limit, such as that of nesting, is exceeded.
      throw new IllegalArgumentException(
          at == null
              ? reason
              : "%s (line %d, column %d)".formatted(reason, at.getLineNr(), at.getColumnNr()),
          e);
    } catch (IOException e) {
      throw new UncheckedIOException(e); // Reading from memory does not fail.
    }
  }

  private static Object value(JsonParser json) throws IOException {
    if (json.currentToken() == null) {
      throw new IllegalArgumentException("the text is empty, expected JSON");
    }
    return switch (json.currentToken()) {
      case START_OBJECT -> {
        Map<String, Object> map = new LinkedHashMap<>();
        for (String name = json.nextFieldName(); name != null; name = json.nextFieldName()) {
          json.nextToken();
          map.put(name, value(json));
        }
        yield map;
      }
      case START_ARRAY -> {
        List<Object> list = new ArrayList<>();
        while (!json.nextToken().isStructEnd()) {
          list.add(value(json));
        }
        yield list;
      }
      case VALUE_STRING -> json.getText();
      case VALUE_NUMBER_INT -> json.getLongValue();
      case VALUE_NUMBER_FLOAT -> json.getDoubleValue();
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      case VALUE_NULL -> null;
      default -> throw new IllegalArgumentException("unexpected " + json.currentToken());
    };
  }
}
