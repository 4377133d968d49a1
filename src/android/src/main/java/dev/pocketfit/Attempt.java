package dev.pocketfit;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** One artifact, tried the way an app uses it: {@link #tryOut} is what an app's own code would say. */
final class Attempt implements Runnable {

    /** Tells whoever counts that what is to be counted begins or ends in this thread. */
    interface Marks {
        void mark(boolean begins);
    }

    /** What becomes of it, as it goes into the JSON. */
    final Map<String, Object> result = new LinkedHashMap<>();

    private final Arguments.Artifact artifact;
    private Engine.Model model;
    private String stage;
    private int written;

    Attempt(Arguments.Artifact artifact) {
        this.artifact = artifact;
    }

    boolean passes(Engine engine) {
        try {
            tryOut(engine);
            return true;
        } catch (Throwable t) {
            result.put("error", Failure.describe(stage, t));
            return false;
        }
    }

    private void tryOut(Engine engine) throws IOException {
        stage = "load";
        long start = System.nanoTime();
        model = engine.load(artifact.path);
        result.put("load_ms", Clock.msSince(start));

        stage = "input";
        model.read(artifact.inputs);

        stage = "forward";
        start = System.nanoTime();
        model.forward();
        result.put("first_ms", Clock.msSince(start));
        result.put("peak_rss_bytes", Memory.peakRssBytes());

        stage = "output";
        if (artifact.outputs != null) {
            result.put("outputs", write(model.outputs()));
            result.put("later", callAgain());
        }
    }

    /** The outputs of all further calls, from the state that the call before left. */
    private List<Object> callAgain() throws IOException {
        List<Object> later = new ArrayList<>();
        for (int call = 1; call < artifact.calls; ++call) {
            stage = "input";
            // Anew: forward may have written into them.
            model.read(artifact.inputs);
            stage = "forward";
            model.forward();
            stage = "output";
            later.add(write(model.outputs()));
        }
        return later;
    }

    /**
     * Loads, runs and releases it again and again, as an app does that opens a model when it is needed, and puts down
     * how much memory the process holds after each time. It stops when that is known, or the budget is spent.
     */
    void reload(Engine engine, Libraries libraries, Reloads reloads, double budgetMs) {
        List<Long> held = new ArrayList<>();
        long start = System.nanoTime();
        try {
            release();
            while (!reloads.areEnough(held) && Clock.msSince(start) < budgetMs) {
                useOnce(engine);
                held.add(Memory.heldBytes(libraries));
            }
            result.put("held_bytes", held);
        } catch (Throwable t) {
            result.put("error", Failure.describe(stage + " of the same file again", t));
        }
    }

    /** Calls it so many times more, each between two marks with nothing else. */
    void count(int calls, Marks marks) {
        try {
            for (int call = 0; call < calls; ++call) {
                marks.mark(true);
                model.forward();
                marks.mark(false);
            }
            result.put("counted_calls", calls);
        } catch (Throwable t) {
            result.put("error", Failure.describe("counting", t));
        }
    }

    private void useOnce(Engine engine) throws IOException {
        stage = "load";
        model = engine.load(artifact.path);
        stage = "input";
        model.read(artifact.inputs);
        stage = "forward";
        model.forward();
        release();
    }

    private void release() {
        stage = "release";
        model.release();
        model = null;
    }

    /** Once more, for its time: all that happens is the call. */
    @Override
    public void run() {
        model.forward();
    }

    private List<Object> write(List<Leaf> leaves) throws IOException {
        List<Object> descriptions = new ArrayList<>();
        for (Leaf leaf : leaves) {
            Path file = new File(artifact.outputs, written++ + ".bin").toPath();
            Files.write(file, leaf.bytes);
            descriptions.add(describe(leaf, file));
        }
        return descriptions;
    }

    private static Map<String, Object> describe(Leaf leaf, Path file) {
        List<Long> shape = new ArrayList<>();
        for (long size : leaf.shape) {
            shape.add(size);
        }
        Map<String, Object> description = new LinkedHashMap<>();
        description.put("path", leaf.path);
        description.put("dtype", leaf.dtype);
        description.put("shape", shape);
        description.put("memory_format", leaf.memoryFormat);
        description.put("file", file.getFileName().toString());
        return description;
    }
}
