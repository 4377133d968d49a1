package dev.pocketfit;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/**
 * Times several tasks in turn, so that whatever slows the machine down slows all of them. A round is one block of
 * each in a random order and then the same backwards (A B B A, or B C A A C B): a drift that lasts through it costs
 * all the same. A sample is the mean time of a call in a block; each round gives two of every task.
 */
final class Rounds {

    /** The full runtime optimizes a model during its first two calls, which then take seconds. */
    private static final int WARM_UP_CALLS = 6;
    private static final double WARM_UP_MS = 100;
    /** Should times never settle. */
    private static final double LONGEST_WARM_UP_MS = 3000;
    private static final int FEWEST_WARM_UP_CALLS = 3;
    /** Settled: the last three calls are not this much faster than the three before them. */
    private static final double SETTLED = 0.97;

    /** By task, in the order of rounds. */
    final List<List<Double>> samplesMs = new ArrayList<>();

    private final List<? extends Runnable> tasks;
    private final Clock clock;

    Rounds(List<? extends Runnable> tasks, Clock clock) {
        this.tasks = tasks;
        this.clock = clock;
        for (int i = 0; i < tasks.size(); ++i) {
            samplesMs.add(new ArrayList<>());
        }
    }

    /** Stops after so many rounds, or after the round in which the budget ran out; a block is at least one call. */
    void run(int rounds, double budgetMs, double blockMs, long seed) {
        List<Integer> order = new ArrayList<>();
        int[] calls = new int[tasks.size()];
        for (int i = 0; i < calls.length; ++i) {
            order.add(i);
            calls[i] = callsPerBlock(warmUpMs(tasks.get(i)), blockMs);
        }
        Random random = new Random(seed);
        long start = clock.nanos();
        for (int round = 0; round < rounds && (round == 0 || (clock.nanos() - start) / 1e6 < budgetMs); ++round) {
            Collections.shuffle(order, random);
            for (int turn = 0; turn < 2; ++turn) {
                for (int i : order) {
                    samplesMs.get(i).add(blockMs(tasks.get(i), calls[i]));
                }
                Collections.reverse(order);
            }
        }
    }

    static int callsPerBlock(double callMs, double blockMs) {
        return (int) Math.max(1, Math.min(1_000_000, Math.ceil(blockMs / callMs)));
    }

    /** Warms up until times settle and returns how long a call then takes. */
    private double warmUpMs(Runnable task) {
        List<Double> timesMs = new ArrayList<>();
        double totalMs = 0;
        while (!isWarm(timesMs, totalMs)) {
            double ms = blockMs(task, 1);
            timesMs.add(ms);
            totalMs += ms;
        }
        return median(timesMs, timesMs.size());
    }

    static boolean isWarm(List<Double> timesMs, double totalMs) {
        int calls = timesMs.size();
        if (totalMs >= LONGEST_WARM_UP_MS) {
            return calls >= FEWEST_WARM_UP_CALLS;
        }
        return calls >= WARM_UP_CALLS
                && totalMs >= WARM_UP_MS
                && median(timesMs, calls) >= SETTLED * median(timesMs, calls - 3);
    }

    /** Of the three values before this index. */
    private static double median(List<Double> values, int end) {
        List<Double> last = new ArrayList<>(values.subList(end - 3, end));
        Collections.sort(last);
        return last.get(1);
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
