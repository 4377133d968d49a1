package dev.pocketfit;

import java.util.List;

/** How often an artifact is loaded, run and released again, for the memory that is left. */
final class Reloads {

    /** 0 for never. */
    int most;
    /** Of fewer readings than these nothing can be said. */
    int fewest;
    /** The first ones, which fill caches. */
    int uncounted;
    /** From one reading to the next: what is nearer to nothing than this is no leak. */
    long flatBytes;

    /**
     * Whether no more are needed after these readings: of what each counted one added, more than half is nearly nothing,
     * and so is the median. A reading is null where the kernel does not tell, which it won't do next time either.
     */
    boolean areEnough(List<Long> heldBytes) {
        if (heldBytes.size() >= most) {
            return true;
        }
        if (heldBytes.size() < fewest) {
            return false;
        }
        int flat = 0;
        int steps = heldBytes.size() - uncounted - 1;
        for (int i = uncounted + 1; i < heldBytes.size(); ++i) {
            Long before = heldBytes.get(i - 1);
            Long after = heldBytes.get(i);
            if (before == null || after == null) {
                return true;
            }
            if (Math.abs(after - before) <= flatBytes) {
                ++flat;
            }
        }
        return flat >= fewest - uncounted - 1 && 2 * flat > steps;
    }
}
