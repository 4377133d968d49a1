package dev.pocketfit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Collections;
import org.junit.jupiter.api.Test;

class RoundsTest {

    private long now;
    /** Only tasks move it. */
    private final Clock clock = new Clock() {
        @Override
        long nanos() {
            return now;
        }
    };
    private final StringBuilder calls = new StringBuilder();

    private Runnable task(String name, double ms) {
        return () -> {
            calls.append(name);
            now += (long) (ms * 1e6);
        };
    }

    private Rounds rounds(double firstMs, double secondMs) {
        return new Rounds(Arrays.asList(task("a", firstMs), task("b", secondMs)), clock);
    }

    private static boolean isPalindrome(String text) {
        return new StringBuilder(text).reverse().toString().equals(text);
    }

    @Test
    void warmsUpThenRunsEachRoundForwardsAndBackwards() {
        Rounds rounds = rounds(200, 100);
        rounds.run(2, 1e9, 5, 1);

        assertTrue(calls.toString().startsWith("aaaaaa" + "bbbbbb"), calls.toString());
        String timed = calls.substring(12);
        assertEquals(8, timed.length());
        assertTrue(isPalindrome(timed.substring(0, 4)), timed);
        assertTrue(isPalindrome(timed.substring(4)), timed);
        assertEquals(Collections.nCopies(4, 200.0), rounds.samplesMs.get(0));
        assertEquals(Collections.nCopies(4, 100.0), rounds.samplesMs.get(1));
    }

    @Test
    void theSeedDecidesTheOrder() {
        rounds(200, 100).run(20, 1e9, 5, 7);
        String seven = calls.toString();
        calls.setLength(0);
        rounds(200, 100).run(20, 1e9, 5, 7);
        assertEquals(seven, calls.toString());
        calls.setLength(0);
        rounds(200, 100).run(20, 1e9, 5, 8);
        assertNotEquals(seven, calls.toString());
    }

    @Test
    void threeTasks() {
        Rounds rounds = new Rounds(Arrays.asList(task("a", 200), task("b", 100), task("c", 50)), clock);
        rounds.run(3, 1e9, 5, 0);
        for (int i = 0; i < 3; ++i) {
            assertEquals(6, rounds.samplesMs.get(i).size());
        }
        String first = calls.substring(18, 24);
        assertTrue(isPalindrome(first), first);
        assertEquals("abc", first.chars().sorted().distinct().collect(
                StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append).toString());
    }

    @Test
    void warmsUpUntilTimesSettle() {
        assertFalse(Rounds.isWarm(Arrays.asList(50.0, 50.0, 50.0, 50.0, 50.0), 250));
        assertTrue(Rounds.isWarm(Arrays.asList(50.0, 50.0, 50.0, 50.0, 50.0, 50.0), 300));
        // Still getting faster.
        assertFalse(Rounds.isWarm(Arrays.asList(90.0, 80.0, 70.0, 60.0, 50.0, 40.0), 390));
        // Settled, but too short a time to know.
        assertFalse(Rounds.isWarm(Arrays.asList(1.0, 1.0, 1.0, 1.0, 1.0, 1.0), 6));
        // Never settling, and a model that takes seconds.
        assertTrue(Rounds.isWarm(Arrays.asList(1500.0, 1200.0, 900.0), 3600));
        assertFalse(Rounds.isWarm(Arrays.asList(4000.0, 1200.0), 5200));
    }

    @Test
    void aShortCallIsRepeatedUntilItFillsItsBlock() {
        Rounds rounds = rounds(400, 2);
        rounds.run(1, 1e9, 5, 3);

        String timed = calls.substring(calls.length() - 8);
        assertTrue(timed.equals("abbbbbba") || timed.equals("bbbaabbb"), timed);
        assertEquals(Arrays.asList(2.0, 2.0), rounds.samplesMs.get(1));
    }

    @Test
    void stopsAfterTheRoundInWhichTheBudgetRanOut() {
        Rounds rounds = rounds(200, 200);
        rounds.run(100, 1000, 5, 0);
        assertEquals(4, rounds.samplesMs.get(0).size());
        assertEquals(4, rounds.samplesMs.get(1).size());
    }

    @Test
    void thereIsAlwaysOneRound() {
        Rounds rounds = rounds(200, 200);
        rounds.run(100, 0, 5, 0);
        assertEquals(2, rounds.samplesMs.get(0).size());
    }

    @Test
    void callsPerBlock() {
        assertEquals(1, Rounds.callsPerBlock(7, 5));
        assertEquals(1, Rounds.callsPerBlock(5, 5));
        assertEquals(3, Rounds.callsPerBlock(2, 5));
        assertEquals(1_000_000, Rounds.callsPerBlock(0, 5));
    }
}
