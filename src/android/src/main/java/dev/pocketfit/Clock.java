package dev.pocketfit;

/** Time that passes; tests bring their own. */
class Clock {

    long nanos() {
        return System.nanoTime();
    }

    static double msSince(long startNanos) {
        return (System.nanoTime() - startNanos) / 1e6;
    }
}
