package dev.pocketfit;

import java.util.LinkedHashMap;
import java.util.Map;

/** What went wrong, for the host to make a sentence of. */
final class Failure {

    private Failure() {}

    static Map<String, Object> describe(String stage, Throwable thrown) {
        Throwable cause = thrown;
        // The static initialisers that load libraries wrap what happened to them.
        while (cause instanceof ExceptionInInitializerError && cause.getCause() != null) {
            cause = cause.getCause();
        }
        Map<String, Object> description = new LinkedHashMap<>();
        description.put("stage", stage);
        description.put("type", cause.getClass().getSimpleName());
        description.put("message", cause.getMessage() == null ? "" : cause.getMessage());
        return description;
    }
}
