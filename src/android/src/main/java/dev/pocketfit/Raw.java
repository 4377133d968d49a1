package dev.pocketfit;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Arrays as they stand in files: little-endian. */
final class Raw {

    private Raw() {}

    static float[] floats(byte[] bytes) {
        float[] values = new float[bytes.length / Float.BYTES];
        wrap(bytes).asFloatBuffer().get(values);
        return values;
    }

    static double[] doubles(byte[] bytes) {
        double[] values = new double[bytes.length / Double.BYTES];
        wrap(bytes).asDoubleBuffer().get(values);
        return values;
    }

    static long[] longs(byte[] bytes) {
        long[] values = new long[bytes.length / Long.BYTES];
        wrap(bytes).asLongBuffer().get(values);
        return values;
    }

    static int[] ints(byte[] bytes) {
        int[] values = new int[bytes.length / Integer.BYTES];
        wrap(bytes).asIntBuffer().get(values);
        return values;
    }

    static byte[] bytes(float[] values) {
        byte[] bytes = new byte[Math.multiplyExact(values.length, Float.BYTES)];
        wrap(bytes).asFloatBuffer().put(values);
        return bytes;
    }

    static byte[] bytes(double[] values) {
        byte[] bytes = new byte[Math.multiplyExact(values.length, Double.BYTES)];
        wrap(bytes).asDoubleBuffer().put(values);
        return bytes;
    }

    static byte[] bytes(long[] values) {
        byte[] bytes = new byte[Math.multiplyExact(values.length, Long.BYTES)];
        wrap(bytes).asLongBuffer().put(values);
        return bytes;
    }

    static byte[] bytes(int[] values) {
        byte[] bytes = new byte[Math.multiplyExact(values.length, Integer.BYTES)];
        wrap(bytes).asIntBuffer().put(values);
        return bytes;
    }

    private static ByteBuffer wrap(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }
}
