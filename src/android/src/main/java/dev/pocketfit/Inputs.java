package dev.pocketfit;

import java.io.IOException;
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
                throw new IllegalArgumentException("PyTorch's Java API has no tensors of dtype " + input.dtype);
        }
    }
}
