package dev.pocketfit;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Locale;
import org.pytorch.Tensor;

/** One tensor of an output: its place, and its values as the runtime gives them, in the order of its memory format. */
final class Leaf {

    final String path;
    final String dtype;
    final long[] shape;
    final String memoryFormat;
    final byte[] bytes;

    private Leaf(String path, String dtype, long[] shape, String memoryFormat, byte[] bytes) {
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
        return scalar(path, "float64", buffer(1, Double.BYTES).putDouble(number));
    }

    static Leaf of(String path, long number) {
        return scalar(path, "int64", buffer(1, Long.BYTES).putLong(number));
    }

    static Leaf of(String path, boolean truth) {
        return scalar(path, "uint8", buffer(1, 1).put((byte) (truth ? 1 : 0)));
    }

    private static Leaf scalar(String path, String dtype, ByteBuffer value) {
        return new Leaf(path, dtype, new long[0], "contiguous", value.array());
    }

    private static byte[] bytes(Tensor tensor) {
        ByteBuffer buffer;
        switch (tensor.dtype()) {
            case FLOAT32:
                float[] floats = tensor.getDataAsFloatArray();
                buffer = buffer(floats.length, Float.BYTES);
                buffer.asFloatBuffer().put(floats);
                return buffer.array();
            case FLOAT64:
                double[] doubles = tensor.getDataAsDoubleArray();
                buffer = buffer(doubles.length, Double.BYTES);
                buffer.asDoubleBuffer().put(doubles);
                return buffer.array();
            case INT64:
                long[] longs = tensor.getDataAsLongArray();
                buffer = buffer(longs.length, Long.BYTES);
                buffer.asLongBuffer().put(longs);
                return buffer.array();
            case INT32:
                int[] ints = tensor.getDataAsIntArray();
                buffer = buffer(ints.length, Integer.BYTES);
                buffer.asIntBuffer().put(ints);
                return buffer.array();
            case INT8:
                return tensor.getDataAsByteArray();
            case UINT8:
                return tensor.getDataAsUnsignedByteArray();
            default:
                throw new IllegalArgumentException("unknown dtype " + tensor.dtype());
        }
    }

    private static ByteBuffer buffer(int count, int sizeBytes) {
        return ByteBuffer.allocate(Math.multiplyExact(count, sizeBytes)).order(ByteOrder.LITTLE_ENDIAN);
    }
}
