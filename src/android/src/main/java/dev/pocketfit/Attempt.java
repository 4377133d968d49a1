package dev.pocketfit;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.pytorch.IValue;
import org.pytorch.LiteModuleLoader;
import org.pytorch.Module;

/** One artifact, tried the way an app uses it: {@link #tryOut} is what an app's own code would say. */
final class Attempt implements Runnable {

    /** What becomes of it, as it goes into the JSON. */
    final Map<String, Object> result = new LinkedHashMap<>();

    private final Arguments.Artifact artifact;
    private Module module;
    private IValue[] inputs;
    private String stage;

    Attempt(Arguments.Artifact artifact) {
        this.artifact = artifact;
    }

    boolean passes(String runtime) {
        try {
            tryOut(runtime);
            return true;
        } catch (Throwable t) {
            result.put("error", Failure.describe(stage, t));
            return false;
        }
    }

    private void tryOut(String runtime) throws IOException {
        stage = "load";
        long start = System.nanoTime();
        module = runtime.equals("lite") ? LiteModuleLoader.load(artifact.path) : Module.load(artifact.path);
        result.put("load_ms", Clock.msSince(start));

        stage = "input";
        inputs = Inputs.read(artifact.inputs);

        stage = "forward";
        start = System.nanoTime();
        IValue output = module.forward(inputs);
        result.put("first_ms", Clock.msSince(start));
        result.put("peak_rss_bytes", Memory.peakRssBytes());

        stage = "output";
        if (artifact.outputs != null) {
            result.put("outputs", write(output));
        }
    }

    /** Once more, for its time: all that happens is the call. */
    @Override
    public void run() {
        module.forward(inputs);
    }

    private List<Object> write(IValue output) throws IOException {
        List<Object> descriptions = new ArrayList<>();
        for (Leaf leaf : Outputs.flatten(output)) {
            Path file = new File(artifact.outputs, descriptions.size() + ".bin").toPath();
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
