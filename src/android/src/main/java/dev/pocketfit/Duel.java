package dev.pocketfit;

import java.util.ArrayList;
import java.util.List;

/**
 * Times two tasks in turn, so that whatever slows the machine down slows both. A round is the four blocks
 * A B B A: a drift that lasts through it costs both the same. A sample is the mean of a block, and the n-th
 * samples of both stood next to each other.
 */
final class Duel {

    /** The full runtime optimizes a model during its first two calls, which then take seconds. */
    private static final int WARM_UP_CALLS = 3;
    private static final double WARM_UP_MS = 300;

    final List<Double> firstMs = new ArrayList<>();
    final List<Double> secondMs = new ArrayList<>();

    private final Runnable first;
    private final Runnable second;
    private final Clock clock;

    Duel(Runnable first, Runnable second, Clock clock) {
        this.first = first;
        this.second = second;
        this.clock = clock;
    }

    /** Stops after so many rounds, or after the round in which the budget ran out; a block is at least one call. */
    void run(int rounds, double budgetMs, double blockMs) {
        int firstCalls = callsPerBlock(warmUpMs(first), blockMs);
        int secondCalls = callsPerBlock(warmUpMs(second), blockMs);
        long start = clock.nanos();
        for (int round = 0; round < rounds && (clock.nanos() - start) / 1e6 < budgetMs; ++round) {
            firstMs.add(blockMs(first, firstCalls));
            secondMs.add(blockMs(second, secondCalls));
            secondMs.add(blockMs(second, secondCalls));
            firstMs.add(blockMs(first, firstCalls));
        }
    }

    static int callsPerBlock(double callMs, double blockMs) {
        return (int) Math.max(1, Math.min(1_000_000, Math.ceil(blockMs / callMs)));
    }

    /** Warms up and returns how long the last call took. */
    private double warmUpMs(Runnable task) {
        double lastMs = 0;
        double totalMs = 0;
        for (int call = 0; call < WARM_UP_CALLS || totalMs < WARM_UP_MS; ++call) {
            lastMs = blockMs(task, 1);
            totalMs += lastMs;
        }
        return lastMs;
    }

    /** The mean time of a call. */
    private double blockMs(Runnable task, int calls) {
        long start = clock.nanos();
        for (int call = 0; call < calls; ++call) {
            task.run();
        }
        return (clock.nanos() - start) / 1e6 / calls;
    }
}
