package dev.pocketfit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Collections;
import org.junit.jupiter.api.Test;

class DuelTest {

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

    private Duel duel(double firstMs, double secondMs) {
        return new Duel(task("a", firstMs), task("b", secondMs), clock);
    }

    @Test
    void warmsUpThenRunsBlocksInTurn() {
        Duel duel = duel(200, 100);
        duel.run(2, 1e9, 5);

        assertEquals("aaa" + "bbb" + "abba" + "abba", calls.toString());
        assertEquals(Collections.nCopies(4, 200.0), duel.firstMs);
        assertEquals(Collections.nCopies(4, 100.0), duel.secondMs);
    }

    @Test
    void warmsUpFor300Ms() {
        duel(50, 100).run(0, 1e9, 5);
        assertEquals("aaaaaa" + "bbb", calls.toString());
    }

    @Test
    void aShortCallIsRepeatedUntilItFillsItsBlock() {
        Duel duel = duel(400, 2);
        calls.setLength(0);
        duel.run(1, 1e9, 5);

        assertTrue(calls.toString().endsWith("a" + "bbb" + "bbb" + "a"), calls.toString());
        assertEquals(Arrays.asList(2.0, 2.0), duel.secondMs);
    }

    @Test
    void stopsAfterTheRoundInWhichTheBudgetRanOut() {
        Duel duel = duel(200, 200);
        duel.run(100, 1000, 5);
        assertEquals(4, duel.firstMs.size());
        assertEquals(4, duel.secondMs.size());
    }

    @Test
    void callsPerBlock() {
        assertEquals(1, Duel.callsPerBlock(7, 5));
        assertEquals(1, Duel.callsPerBlock(5, 5));
        assertEquals(3, Duel.callsPerBlock(2, 5));
        assertEquals(1_000_000, Duel.callsPerBlock(0, 5));
    }
}
