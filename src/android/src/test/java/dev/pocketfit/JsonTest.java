package dev.pocketfit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;

class JsonTest {

    @Test
    void everyKindOfValue() {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("list", Arrays.asList(1, 2L, null));
        map.put("empty", Arrays.asList(Collections.emptyList(), Collections.emptyMap()));
        map.put("ms", 0.25);
        assertEquals("{\"list\": [1, 2, null], \"empty\": [[], {}], \"ms\": 0.250000}", Json.write(map));
    }

    @Test
    void stringsAreOneLineOfAscii() {
        assertEquals("\"a\\\"b\\\\c\\u000a\\u00e9\\ud83d\\ude00\"", Json.write("a\"b\\c\n\u00e9\ud83d\ude00"));
    }

    @Test
    void aDecimalCommaIsNotJson() {
        Locale before = Locale.getDefault();
        Locale.setDefault(Locale.GERMANY);
        try {
            assertEquals("1234.500000", Json.write(1234.5));
        } finally {
            Locale.setDefault(before);
        }
    }

    @Test
    void otherThingsAreRefused() {
        Exception error = assertThrows(IllegalArgumentException.class, () -> Json.write(new Object()));
        assertEquals("no JSON for a java.lang.Object", error.getMessage());
    }
}
