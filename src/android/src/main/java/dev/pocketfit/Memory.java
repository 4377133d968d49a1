package dev.pocketfit;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.util.List;

/** What the kernel says about this process. */
final class Memory {

    private Memory() {}

    /** The most physical memory this process ever had, or null where the kernel does not tell. */
    static Long peakRssBytes() throws IOException {
        return parsePeakRss(Files.readAllLines(Paths.get("/proc/self/status"), StandardCharsets.ISO_8859_1));
    }

    static Long parsePeakRss(List<String> status) {
        for (String line : status) {
            if (line.startsWith("VmHWM:")) {
                return Long.parseLong(line.replaceAll("\\D", "")) * 1024;
            }
        }
        return null;
    }
}
