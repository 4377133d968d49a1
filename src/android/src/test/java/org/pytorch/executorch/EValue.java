package org.pytorch.executorch;

/** Stand-in: see Module. */
public final class EValue {

    private final Object data;

    private EValue(Object data) {
        this.data = data;
    }

    public static EValue optionalNone() {
        return new EValue(null);
    }

    public static EValue from(Tensor tensor) {
        return new EValue(tensor);
    }

    public static EValue from(boolean value) {
        return new EValue(value);
    }

    public static EValue from(long value) {
        return new EValue(value);
    }

    public static EValue from(double value) {
        return new EValue(value);
    }

    public static EValue from(String value) {
        return new EValue(value);
    }

    public boolean isNone() {
        return data == null;
    }

    public boolean isTensor() {
        return data instanceof Tensor;
    }

    public boolean isBool() {
        return data instanceof Boolean;
    }

    public boolean isInt() {
        return data instanceof Long;
    }

    public boolean isDouble() {
        return data instanceof Double;
    }

    public Tensor toTensor() {
        return (Tensor) data;
    }

    public boolean toBool() {
        return (Boolean) data;
    }

    public long toInt() {
        return (Long) data;
    }

    public double toDouble() {
        return (Double) data;
    }
}
