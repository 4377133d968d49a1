package dev.pocketfit;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The command line: the host's version, then key=value in order. {@code artifact=} starts an artifact, and the
 * {@code input=}, {@code outputs=} and {@code calls=} that follow belong to it.
 */
final class Arguments {

    private static final List<String> RUNTIMES = Arrays.asList("lite", "full", "executorch");

    /** A model file, the files of its inputs, the folder for its outputs, and how often it is called in a row. */
    static final class Artifact {
        final String path;
        final List<Input> inputs = new ArrayList<>();
        String outputs;
        int calls = 1;

        Artifact(String path) {
            this.path = path;
        }
    }

    /** One tensor: raw little-endian values in C order. */
    static final class Input {
        final String dtype;
        final long[] shape;
        final String file;

        Input(String dtype, long[] shape, String file) {
            this.dtype = dtype;
            this.shape = shape;
            this.file = file;
        }
    }

    /** {@code lite}, {@code full} or {@code executorch}. */
    String runtime = "lite";
    /** The folder of the runtime's .so files. */
    String libraries = "";
    /** The folder of the compatibility layer; only a desktop JVM has one. */
    String shim = "";
    int threads = 1;
    /** How many rounds to time the artifacts for, in turn; 0 for none. */
    int rounds;
    final Reloads reloads = new Reloads();
    /** How many calls of each artifact to have counted; 0 for none. */
    int counted;
    /** Where the machine's own core counts: the file for what it counted; else null, and the emulator's plugin does. */
    String counts;
    /** Of the order within each round. */
    long seed;
    long budgetMs = 10_000;
    double blockMs = 5;
    final List<Artifact> artifacts = new ArrayList<>();

    private Arguments() {}

    static Arguments parse(String version, String... words) {
        if (words.length == 0 || !words[0].equals(version)) {
            String host = words.length == 0 ? "not given" : words[0];
            throw new IllegalArgumentException(
                    "the Android side is version " + version + ", the host's is " + host);
        }
        Arguments arguments = new Arguments();
        for (int i = 1; i < words.length; ++i) {
            int equals = words[i].indexOf('=');
            if (equals == -1) {
                throw new IllegalArgumentException("not key=value: " + words[i]);
            }
            arguments.set(words[i].substring(0, equals), words[i].substring(equals + 1));
        }
        return arguments;
    }

    private void set(String key, String value) {
        switch (key) {
            case "runtime":
                if (!RUNTIMES.contains(value)) {
                    throw new IllegalArgumentException("runtime is none of " + RUNTIMES + ": " + value);
                }
                runtime = value;
                break;
            case "libraries":
                libraries = value;
                break;
            case "shim":
                shim = value;
                break;
            case "threads":
                threads = Integer.parseInt(value);
                break;
            case "rounds":
                rounds = Integer.parseInt(value);
                break;
            case "reloads":
                reloads.most = Integer.parseInt(value);
                break;
            case "fewest_reloads":
                reloads.fewest = Integer.parseInt(value);
                break;
            case "uncounted_reloads":
                reloads.uncounted = Integer.parseInt(value);
                break;
            case "flat_bytes":
                reloads.flatBytes = Long.parseLong(value);
                break;
            case "counted":
                counted = Integer.parseInt(value);
                break;
            case "counts":
                counts = value;
                break;
            case "seed":
                seed = Long.parseLong(value);
                break;
            case "budget_ms":
                budgetMs = Long.parseLong(value);
                break;
            case "block_ms":
                blockMs = Double.parseDouble(value);
                break;
            case "artifact":
                artifacts.add(new Artifact(value));
                break;
            case "input":
                last(key).inputs.add(parseInput(value));
                break;
            case "outputs":
                last(key).outputs = value;
                break;
            case "calls":
                last(key).calls = Integer.parseInt(value);
                break;
            default:
                throw new IllegalArgumentException("unknown key: " + key);
        }
    }

    private Artifact last(String key) {
        if (artifacts.isEmpty()) {
            throw new IllegalArgumentException(key + "= must follow an artifact=");
        }
        return artifacts.get(artifacts.size() - 1);
    }

    /** DTYPE:SHAPE:FILE, where a scalar's shape is empty and the file's name may hold colons. */
    private static Input parseInput(String value) {
        String[] parts = value.split(":", 3);
        if (parts.length != 3) {
            throw new IllegalArgumentException("not DTYPE:SHAPE:FILE: " + value);
        }
        String[] sizes = parts[1].isEmpty() ? new String[0] : parts[1].split(",");
        long[] shape = new long[sizes.length];
        for (int i = 0; i < sizes.length; ++i) {
            shape[i] = Long.parseLong(sizes[i]);
        }
        return new Input(parts[0], shape, parts[2]);
    }
}
