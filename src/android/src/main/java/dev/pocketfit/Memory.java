package dev.pocketfit;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.List;

/** What the kernel says about this process. */
final class Memory {

    /** Native memory behind Java objects is freed by threads of the runtime, after the collector found them. */
    private static final int MOST_COLLECTIONS = 20;
    private static final long PAUSE_MS = 10;

    private Memory() {}

    /** The most physical memory this process ever had, or null where the kernel does not tell. */
    static Long peakRssBytes() throws IOException {
        return bytesOf("VmHWM:", lines("/proc/self/status"));
    }

    /**
     * The memory that is this process's own, without the files that it maps, once all that nobody refers to is freed:
     * collected, and trimmed, until two readings are the same. Null where the kernel does not tell.
     */
    static Long heldBytes(Libraries libraries) throws IOException, InterruptedException {
        Path rollup = Paths.get("/proc/self/smaps_rollup");
        if (!Files.isReadable(rollup)) {
            return null;
        }
        Long before = null;
        for (int i = 0; i < MOST_COLLECTIONS; ++i) {
            System.gc();
            Thread.sleep(PAUSE_MS);
            libraries.trim();
            Long now = bytesOf("Anonymous:", lines(rollup.toString()));
            if (now == null || now.equals(before)) {
                return now;
            }
            before = now;
        }
        return before;
    }

    static Long bytesOf(String key, List<String> lines) {
        for (String line : lines) {
            if (line.startsWith(key)) {
                return Long.parseLong(line.replaceAll("\\D", "")) * 1024;
            }
        }
        return null;
    }

    private static List<String> lines(String file) throws IOException {
        return Files.readAllLines(Paths.get(file), StandardCharsets.ISO_8859_1);
    }
}
