package dev.pocketfit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ArgumentsTest {

    @Test
    void inputsAndOutputsBelongToTheArtifactBeforeThem() {
        Arguments arguments = Arguments.parse("1.2",
                "1.2", "runtime=full", "threads=2", "rounds=7", "seed=-5", "counted=3", "counts=/c.jsonl",
                "reloads=12", "fewest_reloads=6", "uncounted_reloads=2", "flat_bytes=5000000000", "budget_ms=100", "block_ms=2.5",
                "libraries=/l", "shim=/s",
                "artifact=/a=b.pt", "input=float32:1,3:/x", "input=int64::/with:colon", "outputs=/out", "calls=3",
                "artifact=/c.pt");

        assertEquals("full", arguments.runtime);
        assertEquals(2, arguments.threads);
        assertEquals(7, arguments.rounds);
        assertEquals(-5, arguments.seed);
        assertEquals(12, arguments.reloads.most);
        assertEquals(6, arguments.reloads.fewest);
        assertEquals(2, arguments.reloads.uncounted);
        assertEquals(5_000_000_000L, arguments.reloads.flatBytes);
        assertEquals(3, arguments.counted);
        assertEquals("/c.jsonl", arguments.counts);
        assertEquals(100, arguments.budgetMs);
        assertEquals(2.5, arguments.blockMs);
        assertEquals("/l", arguments.libraries);
        assertEquals("/s", arguments.shim);
        assertEquals(2, arguments.artifacts.size());
        Arguments.Artifact first = arguments.artifacts.get(0);
        assertEquals("/a=b.pt", first.path);
        assertEquals("/out", first.outputs);
        assertEquals(3, first.calls);
        assertEquals(2, first.inputs.size());
        assertArrayEquals(new long[] {1, 3}, first.inputs.get(0).shape);
        assertEquals("int64", first.inputs.get(1).dtype);
        assertArrayEquals(new long[0], first.inputs.get(1).shape);
        assertEquals("/with:colon", first.inputs.get(1).file);
        assertEquals(0, arguments.artifacts.get(1).inputs.size());
        assertNull(arguments.artifacts.get(1).outputs);
        assertEquals(1, arguments.artifacts.get(1).calls);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "0.9             | the Android side is version 1.2, the host's is 0.9",
        "1.2 nonsense    | not key=value: nonsense",
        "1.2 colour=red  | unknown key: colour",
        "1.2 runtime=big | runtime is none of [lite, full, executorch]: big",
        "1.2 input=a:1:b | input= must follow an artifact=",
        "1.2 outputs=/o  | outputs= must follow an artifact=",
        "1.2 calls=2     | calls= must follow an artifact=",
        "1.2 artifact=a input=float32:1 | not DTYPE:SHAPE:FILE: float32:1",
    })
    void whatIsWrong(String words, String message) {
        Exception error = assertThrows(
                IllegalArgumentException.class, () -> Arguments.parse("1.2", words.split(" ")));
        assertEquals(message, error.getMessage());
    }

    @Test
    void noArgumentsAtAll() {
        Exception error = assertThrows(IllegalArgumentException.class, () -> Arguments.parse("1.2"));
        assertEquals("the Android side is version 1.2, the host's is not given", error.getMessage());
    }
}
