package dev.pocketfit;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ReloadsTest {

    @Test
    void sixAreEnoughWhereNothingIsAdded() {
        // Whatever the first two did.
        assertEquals(6, taken(10_000_000, -9_000_000, 20_000, 0, -30_000));
    }

    @Test
    void oneStepOfTheJavaMachinesOwnTakesOneMore() {
        assertEquals(7, taken(0, 0, 750_000, 20_000, 0, 10_000));
        assertEquals(7, taken(0, 0, 20_000, 0, -750_000, 10_000));
    }

    @Test
    void whatGoesUpAndDownIsLookedAtUntilMoreThanHalfIsFlat() {
        assertEquals(10, taken(0, 0, 28_000_000, -28_000_000, 0, 28_000_000, 0, 0, 0, 0));
    }

    @Test
    void aLeakTakesAll() {
        assertEquals(12, taken(500_000, 500_000, 500_000, 500_000, 500_000, 500_000, 500_000, 500_000, 500_000, 500_000, 500_000));
        assertEquals(12, taken(0, 0, 0, 0, 500_000, 500_000, 500_000, 500_000, 500_000, 500_000, 500_000));
    }

    @Test
    void whatTheKernelDoesNotTellIsNotAskedAgainAndAgain() {
        List<Long> held = new ArrayList<>();
        while (!reloads().areEnough(held)) {
            held.add(null);
        }
        assertEquals(6, held.size());
    }

    private static Reloads reloads() {
        Reloads reloads = new Reloads();
        reloads.most = 12;
        reloads.fewest = 6;
        reloads.uncounted = 2;
        reloads.flatBytes = 400_000;
        return reloads;
    }

    /** How many readings are taken, where each adds so many bytes to the one before. */
    private static int taken(long... steps) {
        List<Long> held = new ArrayList<>();
        long now = 50_000_000;
        while (!reloads().areEnough(held)) {
            now += held.isEmpty() ? 0 : steps[held.size() - 1];
            held.add(now);
        }
        return held.size();
    }
}
