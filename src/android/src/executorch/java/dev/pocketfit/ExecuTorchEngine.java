package dev.pocketfit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.List;
import org.pytorch.executorch.EValue;
import org.pytorch.executorch.ExecutorchRuntimeException;
import org.pytorch.executorch.Module;
import org.pytorch.executorch.Tensor;

/** executorch-android 1.0, whose tensors and values have other classes than PyTorch's. */
final class ExecuTorchEngine implements Engine {

    private int threads = 1;

    @Override
    public String[] libraries() {
        return new String[] {"c++_shared", "fbjni", "executorch"};
    }

    @Override
    public void setThreads(int threads) {
        this.threads = threads;
    }

    @Override
    public Engine.Model load(String path) {
        Module module = Module.load(path, Module.LOAD_MODE_FILE, threads);
        // Otherwise only the first call would find out that an operator or a backend is missing.
        int error = module.loadMethod("forward");
        if (error != ExecutorchRuntimeException.OK) {
            throw ExecutorchRuntimeException.makeExecutorchException(error, "loading the method forward");
        }
        return new Loaded(module);
    }

    private static final class Loaded implements Engine.Model {

        private final Module module;
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
            outputs = module.forward(inputs);
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
