package dev.pocketfit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class MainTest {

    @Test
    void mavenWroteTheVersion() throws Exception {
        assertTrue(Main.version().matches("\\d+\\.\\d+\\.\\d+"), Main.version());
    }

    @Test
    void peakMemoryIsInTheKernelsStatus() {
        assertEquals(2048L, Memory.bytesOf("VmHWM:", Arrays.asList("VmPeak:\t  9 kB", "VmHWM:\t       2 kB")));
        assertNull(Memory.bytesOf("VmHWM:", Arrays.asList("Name:\tjava")));
    }

    @Test
    void aFailureIsTheOneInsideAStaticInitialiser() {
        Throwable inner = new UnsatisfiedLinkError("no such library");
        assertEquals(
                "{\"stage\": \"start\", \"type\": \"UnsatisfiedLinkError\", \"message\": \"no such library\"}",
                Json.write(Failure.describe("start", new ExceptionInInitializerError(inner))));
        assertEquals(
                "{\"stage\": \"load\", \"type\": \"OutOfMemoryError\", \"message\": \"\"}",
                Json.write(Failure.describe("load", new OutOfMemoryError())));
    }
}
