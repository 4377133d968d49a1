package dev.pocketfit;

import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.pytorch.Tensor;

/** One tensor of an output: its place, and its values as the runtime gives them, in the order of its memory format. */
final class Leaf {

    final String path;
    final String dtype;
    final long[] shape;
    final String memoryFormat;
    final byte[] bytes;

    Leaf(String path, String dtype, long[] shape, String memoryFormat, byte[] bytes) {
        this.path = path;
        this.dtype = dtype;
        this.shape = shape;
        this.memoryFormat = memoryFormat;
        this.bytes = bytes;
    }

    static Leaf of(String path, Tensor tensor) {
        String dtype = tensor.dtype().name().toLowerCase(Locale.ROOT);
        String memoryFormat = tensor.memoryFormat().name().toLowerCase(Locale.ROOT);
        return new Leaf(path, dtype, tensor.shape(), memoryFormat, bytes(tensor));
    }

    static Leaf of(String path, double number) {
        return scalar(path, "float64", Raw.bytes(new double[] {number}));
    }

    static Leaf of(String path, long number) {
        return scalar(path, "int64", Raw.bytes(new long[] {number}));
    }

    static Leaf of(String path, boolean truth) {
        return scalar(path, "uint8", new byte[] {(byte) (truth ? 1 : 0)});
    }

    static Leaf of(String path, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return new Leaf(path + ".encode()", "uint8", new long[] {bytes.length}, "contiguous", bytes);
    }

    private static Leaf scalar(String path, String dtype, byte[] value) {
        return new Leaf(path, dtype, new long[0], "contiguous", value);
    }

    private static byte[] bytes(Tensor tensor) {
        switch (tensor.dtype()) {
            case FLOAT32:
                return Raw.bytes(tensor.getDataAsFloatArray());
            case FLOAT64:
                return Raw.bytes(tensor.getDataAsDoubleArray());
            case INT64:
                return Raw.bytes(tensor.getDataAsLongArray());
            case INT32:
                return Raw.bytes(tensor.getDataAsIntArray());
            case INT8:
                return tensor.getDataAsByteArray();
            case UINT8:
                return tensor.getDataAsUnsignedByteArray();
            default:
                throw new IllegalArgumentException("unknown dtype " + tensor.dtype());
        }
    }
}
