package dev.pocketfit;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.util.List;
import org.pytorch.IValue;
import org.pytorch.Tensor;

/** Input files to tensors. */
final class Inputs {

    private Inputs() {}

    static IValue[] read(List<Arguments.Input> inputs) throws IOException {
        IValue[] values = new IValue[inputs.size()];
        for (int i = 0; i < values.length; ++i) {
            values[i] = IValue.from(read(inputs.get(i)));
        }
        return values;
    }

    static Tensor read(Arguments.Input input) throws IOException {
        byte[] bytes = Files.readAllBytes(Paths.get(input.file));
        ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        switch (input.dtype) {
            case "float32":
                float[] floats = new float[bytes.length / Float.BYTES];
                buffer.asFloatBuffer().get(floats);
                return Tensor.fromBlob(floats, input.shape);
            case "float64":
                double[] doubles = new double[bytes.length / Double.BYTES];
                buffer.asDoubleBuffer().get(doubles);
                return Tensor.fromBlob(doubles, input.shape);
            case "int64":
                long[] longs = new long[bytes.length / Long.BYTES];
                buffer.asLongBuffer().get(longs);
                return Tensor.fromBlob(longs, input.shape);
            case "int32":
                int[] ints = new int[bytes.length / Integer.BYTES];
                buffer.asIntBuffer().get(ints);
                return Tensor.fromBlob(ints, input.shape);
            case "int8":
                return Tensor.fromBlob(bytes, input.shape);
            case "uint8":
                return Tensor.fromBlobUnsigned(bytes, input.shape);
            default:
                throw new IllegalArgumentException("PyTorch's Java API has no tensors of dtype " + input.dtype);
        }
    }
}
