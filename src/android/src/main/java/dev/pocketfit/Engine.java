package dev.pocketfit;

import java.io.IOException;
import java.util.List;

/** One of Android's runtimes, behind the few things that we ask of it. */
interface Engine {

    /** Its native libraries, each after those that it needs, by the names that stand between lib and .so. */
    String[] libraries();

    /** Called once, after they are loaded and before any model is. */
    void setThreads(int threads);

    Model load(String path);

    /** A model that is loaded, with its inputs and what it answered last. */
    interface Model {

        void read(List<Arguments.Input> inputs) throws IOException;

        /** Runs it once; nothing else happens, since this is what is timed. */
        void forward();

        /** Every tensor of the last answer. */
        List<Leaf> outputs();

        /** Gives its native memory back, as an app does that is done with it; nothing may be asked of it then. */
        void release();
    }

    /** The engine of a runtime by its name on the command line. */
    static Engine of(String runtime) throws ReflectiveOperationException {
        if (runtime.equals("executorch")) {
            // By name: it is compiled only where its archive could be had (src/executorch).
            Class<?> found = Class.forName("dev.pocketfit.ExecuTorchEngine");
            return (Engine) found.getDeclaredConstructor().newInstance();
        }
        return new TorchEngine(runtime.equals("lite"));
    }
}
