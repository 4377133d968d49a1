package dev.pocketfit;

import java.util.Locale;
import java.util.Map;

/** Writes maps, lists, strings, numbers and nulls as JSON on one line; Java 8 has nothing for it. */
final class Json {

    private Json() {}

    static String write(Object value) {
        StringBuilder out = new StringBuilder();
        append(out, value);
        return out.toString();
    }

    private static void append(StringBuilder out, Object value) {
        if (value instanceof Map) {
            String separator = "{";
            for (Map.Entry<?, ?> entry : ((Map<?, ?>) value).entrySet()) {
                out.append(separator);
                appendString(out, (String) entry.getKey());
                out.append(": ");
                append(out, entry.getValue());
                separator = ", ";
            }
            out.append(separator.equals("{") ? "{}" : "}");
        } else if (value instanceof Iterable) {
            String separator = "[";
            for (Object item : (Iterable<?>) value) {
                out.append(separator);
                append(out, item);
                separator = ", ";
            }
            out.append(separator.equals("[") ? "[]" : "]");
        } else if (value instanceof String) {
            appendString(out, (String) value);
        } else if (value instanceof Double) {
            // Locale.ROOT: a phone's own locale may write a decimal comma.
            out.append(String.format(Locale.ROOT, "%.6f", (Double) value));
        } else if (value == null || value instanceof Number) {
            out.append(value);
        } else {
            throw new IllegalArgumentException("no JSON for a " + value.getClass().getName());
        }
    }

    private static void appendString(StringBuilder out, String text) {
        out.append('"');
        for (int i = 0; i < text.length(); ++i) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                out.append('\\').append(c);
            } else if (c < ' ' || c > '~') {
                // ASCII only: what encoding standard output has differs from device to device.
                out.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
            } else {
                out.append(c);
            }
        }
        out.append('"');
    }
}
