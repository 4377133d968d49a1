package org.pytorch.executorch;

/** Stand-in: see Module. It keeps the array it was made of. */
public final class Tensor {

    private final DType dtype;
    private final Object data;
    private final long[] shape;

    Tensor(DType dtype, Object data, long[] shape) {
        this.dtype = dtype;
        this.data = data;
        this.shape = shape;
    }

    public static Tensor fromBlob(float[] data, long[] shape) {
        return new Tensor(DType.FLOAT, data, shape);
    }

    public static Tensor fromBlob(double[] data, long[] shape) {
        return new Tensor(DType.DOUBLE, data, shape);
    }

    public static Tensor fromBlob(long[] data, long[] shape) {
        return new Tensor(DType.INT64, data, shape);
    }

    public static Tensor fromBlob(int[] data, long[] shape) {
        return new Tensor(DType.INT32, data, shape);
    }

    public static Tensor fromBlob(byte[] data, long[] shape) {
        return new Tensor(DType.INT8, data, shape);
    }

    public static Tensor fromBlobUnsigned(byte[] data, long[] shape) {
        return new Tensor(DType.UINT8, data, shape);
    }

    public DType dtype() {
        return dtype;
    }

    public long[] shape() {
        return shape.clone();
    }

    public float[] getDataAsFloatArray() {
        return (float[]) data;
    }

    public double[] getDataAsDoubleArray() {
        return (double[]) data;
    }

    public long[] getDataAsLongArray() {
        return (long[]) data;
    }

    public int[] getDataAsIntArray() {
        return (int[]) data;
    }

    public byte[] getDataAsByteArray() {
        return (byte[]) data;
    }

    public byte[] getDataAsUnsignedByteArray() {
        return (byte[]) data;
    }
}
