package org.pytorch.executorch;

import java.util.ArrayList;
import java.util.List;

/**
 * The classes of this package are stand-ins, for tests only and never shipped: they have those of executorch-android
 * 1.0.1's public signatures that our runner calls, so that it is compiled and run where the archive can't be had.
 * A model answers with its inputs; one whose path says "missing" lacks an operator, and one whose path says "small"
 * refuses its inputs. Either says why in a log of the last lines only.
 */
public final class Module {

    public static final int LOAD_MODE_FILE = 0;

    private static final int LOGGED = 4;
    private static final List<String> LOG = new ArrayList<>();

    private final String path;

    private Module(String path) {
        this.path = path;
    }

    public static Module load(String modelPath, int loadMode, int numThreads) {
        return new Module(modelPath);
    }

    public static String[] readLogBufferStatic() {
        return LOG.toArray(new String[0]);
    }

    private static void log(String level, String text) {
        LOG.add("[" + System.nanoTime() + " stand_in Module.java:1] " + level + " " + text);
        if (LOG.size() > LOGGED) {
            LOG.remove(0);
        }
    }

    public int loadMethod(String methodName) {
        log("I", "loading");
        if (!path.contains("missing")) {
            return ExecutorchRuntimeException.OK;
        }
        log("E", "kernel 'aten::foo.out' not found.");
        return ExecutorchRuntimeException.OPERATOR_MISSING;
    }

    public void destroy() {}

    public EValue[] forward(EValue... inputs) {
        if (path.contains("small")) {
            log("E", "Input 0 has unexpected scalar type: expected Float but was Int.");
            throw new ExecutorchRuntimeException(18, "Execution failed for method: forward\n Detailed logs:\n...");
        }
        return inputs.clone();
    }
}
