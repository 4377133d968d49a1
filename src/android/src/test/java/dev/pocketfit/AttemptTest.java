package dev.pocketfit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class AttemptTest {

    /** Writes down what is asked of it, and refuses to load once there were so many loads. */
    private static class Recorder implements Engine {

        final List<String> calls = new ArrayList<>();
        private final int mostLoads;
        private int loads;

        Recorder(int mostLoads) {
            this.mostLoads = mostLoads;
        }

        @Override
        public String[] libraries() {
            return new String[0];
        }

        @Override
        public void setThreads(int threads) {}

        @Override
        public Engine.Model load(String path) {
            if (++loads > mostLoads) {
                throw new IllegalStateException("no more of " + path);
            }
            calls.add("load");
            return new Engine.Model() {
                @Override
                public void read(List<Arguments.Input> inputs) {}

                @Override
                public void forward() {
                    calls.add("forward");
                }

                @Override
                public List<Leaf> outputs() {
                    return Collections.emptyList();
                }

                @Override
                public void release() {
                    calls.add("release");
                }
            };
        }
    }

    /** Keeps a megabyte of native memory for each load. */
    private static final class Leaky extends Recorder {

        private final List<ByteBuffer> kept = new ArrayList<>();

        Leaky() {
            super(99);
        }

        @Override
        public Engine.Model load(String path) {
            ByteBuffer memory = ByteBuffer.allocateDirect(1_000_000);
            while (memory.hasRemaining()) {
                memory.put((byte) 1);
            }
            kept.add(memory);
            return super.load(path);
        }
    }

    private static Reloads upTo(int times) {
        Reloads reloads = new Reloads();
        reloads.most = reloads.fewest = times;
        return reloads;
    }

    private static Attempt passed(Engine engine) {
        Attempt attempt = new Attempt(new Arguments.Artifact("net.ptl"));
        assertTrue(attempt.passes(engine));
        return attempt;
    }

    @Test
    void countedCallsAreBetweenMarksAndNothingElseIs() {
        Recorder engine = new Recorder(1);
        Attempt attempt = passed(engine);
        attempt.count(2, begins -> engine.calls.add(begins ? "begin" : "end"));

        assertEquals(
                Arrays.asList("load", "forward", "begin", "forward", "end", "begin", "forward", "end"),
                engine.calls);
        assertEquals(2, attempt.result.get("counted_calls"));
        assertNull(attempt.result.get("error"));
    }

    @Test
    void aMarkThatCannotBeMadeIsAnError() {
        Attempt attempt = passed(new Recorder(1));
        attempt.count(1, begins -> {
            throw new UnsatisfiedLinkError("no mark");
        });

        assertEquals(
                "{\"stage\": \"counting\", \"type\": \"UnsatisfiedLinkError\", \"message\": \"no mark\"}",
                Json.write(attempt.result.get("error")));
        assertFalse(attempt.result.containsKey("counted_calls"));
    }

    @Test
    void isReleasedAndThenUsedAndReleasedAgainAndAgain() {
        Recorder engine = new Recorder(3);
        Attempt attempt = passed(engine);
        attempt.reload(engine, new Libraries(""), upTo(2), 60_000);
        assertEquals(
                Arrays.asList("load", "forward", "release", "load", "forward", "release", "load", "forward", "release"),
                engine.calls);
        List<?> held = (List<?>) attempt.result.get("held_bytes");
        assertEquals(2, held.size());
        assertTrue((Long) held.get(0) > 1_000_000, "a Java machine holds more: " + held);
        assertNull(attempt.result.get("error"));
    }

    @Test
    void whatIsKeptIsReadAsOftenAsItMayBe() {
        Engine engine = new Leaky();
        Attempt attempt = passed(engine);
        Reloads reloads = upTo(8);
        reloads.fewest = 4;
        reloads.flatBytes = 400_000;
        attempt.reload(engine, new Libraries(""), reloads, 60_000);

        List<?> held = (List<?>) attempt.result.get("held_bytes");
        assertEquals(8, held.size());
        long added = (Long) held.get(7) - (Long) held.get(1);
        assertTrue(added > 3_000_000, "each load leaves a megabyte: " + held);
    }

    @Test
    void stopsWhenTheBudgetIsSpent() {
        Recorder engine = new Recorder(99);
        Attempt attempt = passed(engine);
        attempt.reload(engine, new Libraries(""), upTo(50), 0);
        assertEquals(Collections.emptyList(), attempt.result.get("held_bytes"));
        assertEquals(Arrays.asList("load", "forward", "release"), engine.calls);
    }

    @Test
    void aFileThatLoadsOnceAndNotAgainFails() {
        Recorder engine = new Recorder(2);
        Attempt attempt = passed(engine);
        attempt.reload(engine, new Libraries(""), upTo(5), 60_000);
        assertFalse(attempt.result.containsKey("held_bytes"));
        assertEquals(
                "{\"stage\": \"load of the same file again\", \"type\": \"IllegalStateException\", "
                        + "\"message\": \"no more of net.ptl\"}",
                Json.write(attempt.result.get("error")));
    }
}
