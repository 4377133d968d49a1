package dev.pocketfit;

import com.facebook.soloader.nativeloader.NativeLoader;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Properties;

/** Tries models on the Android runtime: VERSION key=value... Its last line of output is its result, as JSON. */
public final class Main {

    private Main() {}

    /** Where Android itself runs it, under app_process. */
    public static void main(String... words) {
        run(words, false);
    }

    static void run(String[] words, boolean onDesktop) {
        Map<String, Object> result;
        try {
            result = result(Arguments.parse(version(), words), onDesktop);
        } catch (Throwable t) {
            result = Collections.singletonMap("error", Failure.describe("start", t));
        }
        // Whatever native code printed may have left its line open.
        System.out.println();
        System.out.println(Json.write(result));
        System.out.flush();
        // Not exit: the runtime's threads are still alive, and its destructors are not what we test.
        Runtime.getRuntime().halt(0);
    }

    private static Map<String, Object> result(Arguments arguments, boolean onDesktop)
            throws ReflectiveOperationException {
        Engine engine = Engine.of(arguments.runtime);
        Libraries libraries = onDesktop
                ? new DesktopLibraries(arguments.libraries, arguments.shim)
                : new Libraries(arguments.libraries);
        if (arguments.counts != null) {
            // First: what follows may open no counter any more.
            int refused = DesktopLibraries.CoreMarks.start(arguments.counts);
            if (refused != 0) {
                return Collections.singletonMap("counter_errno", refused);
            }
        }
        NativeLoader.init(libraries);
        libraries.loadAll(engine.libraries());
        engine.setThreads(arguments.threads);

        List<Attempt> attempts = new ArrayList<>();
        List<Object> results = new ArrayList<>();
        boolean passed = true;
        for (Arguments.Artifact artifact : arguments.artifacts) {
            Attempt attempt = new Attempt(artifact);
            passed &= attempt.passes(engine);
            attempts.add(attempt);
            results.add(attempt.result);
        }
        if (passed && arguments.rounds > 0) {
            time(attempts, arguments);
        }
        if (passed && arguments.counted > 0) {
            Attempt.Marks marks = arguments.counts == null
                    ? new DesktopLibraries.EmulatorMarks()
                    : new DesktopLibraries.CoreMarks();
            for (Attempt attempt : attempts) {
                attempt.count(arguments.counted, marks);
            }
        }
        if (passed && arguments.reloads.most > 0) {
            for (Attempt attempt : attempts) {
                attempt.reload(engine, libraries, arguments.reloads, arguments.budgetMs);
            }
        }
        return Collections.singletonMap("artifacts", results);
    }

    private static void time(List<Attempt> attempts, Arguments arguments) {
        Rounds rounds = new Rounds(attempts, new Clock());
        try {
            rounds.run(arguments.rounds, arguments.budgetMs, arguments.blockMs, arguments.seed);
            for (int i = 0; i < attempts.size(); ++i) {
                attempts.get(i).result.put("samples_ms", rounds.samplesMs.get(i));
            }
        } catch (Throwable t) {
            // A model that runs once and not twice; any may be the one.
            Map<String, Object> error = Failure.describe("timing", t);
            for (Attempt attempt : attempts) {
                attempt.result.put("error", error);
            }
        }
    }

    /** Ours, from the file that Maven writes the project's version into. */
    static String version() throws IOException {
        try (InputStream file = Main.class.getResourceAsStream("version.properties")) {
            Properties properties = new Properties();
            properties.load(file);
            return properties.getProperty("version");
        }
    }
}
