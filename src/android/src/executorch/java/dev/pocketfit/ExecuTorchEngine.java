package dev.pocketfit;

import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.pytorch.executorch.EValue;
import org.pytorch.executorch.ExecutorchRuntimeException;
import org.pytorch.executorch.Module;
import org.pytorch.executorch.Tensor;

/** ExecuTorch 1.0 to 1.3 on Android, whose tensors and values have other classes than PyTorch's. */
final class ExecuTorchEngine implements Engine {

    private int threads = 1;

    /** The start of an error's text in a line of the runtime's log: "[TICKS FUNCTION FILE:LINE] E TEXT". */
    private static final String ERROR_LEVEL = "] E ";

    /**
     * As in an app: its own library first, which finds fbjni by the name that it needs. It has a C++ runtime inside and
     * exports it, and fbjni has to throw and catch with the same one. Loaded before it, fbjni would take
     * libc++_shared's, not see the exception that is thrown here, and end the process where Java should get the error.
     */
    @Override
    public String[] libraries() {
        return new String[] {"executorch", "fbjni"};
    }

    @Override
    public void setThreads(int threads) {
        this.threads = threads;
    }

    @Override
    public Engine.Model load(String path) {
        String before = lastLine();
        try {
            Module module = Module.load(path, Module.LOAD_MODE_FILE, threads);
            // Otherwise only the first call would find out that an operator or a backend is missing.
            loadForward(module);
            return new Loaded(module);
        } catch (RuntimeException e) {
            throw explained(e, before);
        }
    }

    /** Called by its name, so that one source serves all: up to 1.1 it returns a number, from 1.3 on it throws. */
    private static void loadForward(Module module) {
        Object status;
        try {
            status = Module.class.getMethod("loadMethod", String.class).invoke(module, "forward");
        } catch (InvocationTargetException e) {
            throw e.getCause() instanceof RuntimeException
                    ? (RuntimeException) e.getCause()
                    : new IllegalStateException(e.getCause());
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("this version of ExecuTorch has no Module.loadMethod", e);
        }
        if (status instanceof Integer && (Integer) status != ExecutorchRuntimeException.OK) {
            throw ExecutorchRuntimeException.makeExecutorchException((Integer) status, "loading the method forward");
        }
    }

    /** With the errors that its log has since then: an exception has only a number and what was attempted. */
    private static RuntimeException explained(RuntimeException thrown, String before) {
        // Up to 1.1 the message has the whole log below its first line.
        StringBuilder text = new StringBuilder(String.valueOf(thrown.getMessage()).split("\n", 2)[0]);
        for (String line : linesSince(before)) {
            int level = line.indexOf(ERROR_LEVEL);
            if (level != -1) {
                text.append('\n').append(line.substring(level + ERROR_LEVEL.length()));
            }
        }
        return new IllegalStateException(text.toString(), thrown);
    }

    private static String lastLine() {
        String[] log = Module.readLogBufferStatic();
        return log.length == 0 ? null : log[log.length - 1];
    }

    /** The log keeps a few lines only: all of them, where that one is gone. */
    private static List<String> linesSince(String before) {
        List<String> log = Arrays.asList(Module.readLogBufferStatic());
        return log.subList(log.lastIndexOf(before) + 1, log.size());
    }

    private static final class Loaded implements Engine.Model {

        private final Module module;
        private final String before = lastLine();
        private EValue[] inputs;
        private EValue[] outputs;

        Loaded(Module module) {
            this.module = module;
        }

        @Override
        public void read(List<Arguments.Input> files) throws IOException {
            inputs = new EValue[files.size()];
            for (int i = 0; i < inputs.length; ++i) {
                inputs[i] = EValue.from(tensor(files.get(i)));
            }
        }

        @Override
        public void forward() {
            try {
                outputs = module.forward(inputs);
            } catch (RuntimeException e) {
                throw explained(e, before);
            }
        }

        /** By their number: a program has a flat list of outputs, whatever containers the model made of them. */
        @Override
        public List<Leaf> outputs() {
            List<Leaf> leaves = new ArrayList<>();
            for (EValue output : outputs) {
                if (!output.isNone()) {
                    leaves.add(leaf("[" + leaves.size() + "]", output));
                }
            }
            return leaves;
        }

        @Override
        public void release() {
            inputs = null;
            outputs = null;
            module.destroy();
        }
    }

    static Tensor tensor(Arguments.Input input) throws IOException {
        byte[] bytes = Files.readAllBytes(Paths.get(input.file));
        switch (input.dtype) {
            case "float32":
                return Tensor.fromBlob(Raw.floats(bytes), input.shape);
            case "float64":
                return Tensor.fromBlob(Raw.doubles(bytes), input.shape);
            case "int64":
                return Tensor.fromBlob(Raw.longs(bytes), input.shape);
            case "int32":
                return Tensor.fromBlob(Raw.ints(bytes), input.shape);
            case "int8":
                return Tensor.fromBlob(bytes, input.shape);
            case "uint8":
                return Tensor.fromBlobUnsigned(bytes, input.shape);
            default:
                throw new IllegalArgumentException("ExecuTorch's Java API makes no tensors of dtype " + input.dtype);
        }
    }

    static Leaf leaf(String path, EValue value) {
        if (value.isTensor()) {
            return leaf(path, value.toTensor());
        }
        if (value.isDouble()) {
            return Leaf.of(path, value.toDouble());
        }
        if (value.isInt()) {
            return Leaf.of(path, value.toInt());
        }
        if (value.isBool()) {
            return Leaf.of(path, value.toBool());
        }
        throw new IllegalArgumentException("output " + path + " is neither a tensor nor a number");
    }

    private static Leaf leaf(String path, Tensor tensor) {
        switch (tensor.dtype()) {
            case FLOAT:
                return leaf(path, "float32", tensor, Raw.bytes(tensor.getDataAsFloatArray()));
            case DOUBLE:
                return leaf(path, "float64", tensor, Raw.bytes(tensor.getDataAsDoubleArray()));
            case INT64:
                return leaf(path, "int64", tensor, Raw.bytes(tensor.getDataAsLongArray()));
            case INT32:
                return leaf(path, "int32", tensor, Raw.bytes(tensor.getDataAsIntArray()));
            case INT8:
                return leaf(path, "int8", tensor, tensor.getDataAsByteArray());
            case UINT8:
                return leaf(path, "uint8", tensor, tensor.getDataAsUnsignedByteArray());
            default:
                throw new IllegalArgumentException(
                        "output " + path + " is " + tensor.dtype() + ", whose values Java can't read");
        }
    }

    private static Leaf leaf(String path, String dtype, Tensor tensor, byte[] bytes) {
        return new Leaf(path, dtype, tensor.shape(), "contiguous", bytes);
    }
}
