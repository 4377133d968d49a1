package dev.pocketfit;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/** What the measuring loop adds to a call of one millisecond; benchmarks/loop_overhead.py runs it. */
public final class LoopOverhead {

    private static final double CALL_MS = 1;

    private LoopOverhead() {}

    public static void main(String... words) {
        Rounds rounds = new Rounds(Arrays.<Runnable>asList(LoopOverhead::call, LoopOverhead::call), new Clock());
        rounds.run(400, 60_000, 5, 0);
        // What is beyond a millisecond: the loop, the clock, and the last turn of the wait itself.
        System.out.printf("%.6f%n", median(rounds.samplesMs.get(0)) / CALL_MS - 1);
    }

    private static void call() {
        long end = System.nanoTime() + (long) (CALL_MS * 1e6);
        while (System.nanoTime() < end) {
            // As a model does: it keeps the core busy.
        }
    }

    private static double median(List<Double> values) {
        Collections.sort(values);
        return values.get(values.size() / 2);
    }
}
