package dev.pocketfit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.pytorch.DType;
import org.pytorch.Tensor;

class InputsTest {

    @TempDir
    Path folder;

    private Tensor read(String dtype, int count, int... bytes) throws Exception {
        byte[] content = new byte[bytes.length];
        for (int i = 0; i < bytes.length; ++i) {
            content[i] = (byte) bytes[i];
        }
        Path file = folder.resolve("input.bin");
        Files.write(file, content);
        return Inputs.read(new Arguments.Input(dtype, new long[] {count}, file.toString()));
    }

    @Test
    void everyTypeFromLittleEndianBytes() throws Exception {
        assertArrayEquals(new float[] {1}, read("float32", 1, 0, 0, 0x80, 0x3f).getDataAsFloatArray());
        assertArrayEquals(new double[] {1}, read("float64", 1, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f).getDataAsDoubleArray());
        assertArrayEquals(new long[] {256}, read("int64", 1, 0, 1, 0, 0, 0, 0, 0, 0).getDataAsLongArray());
        assertArrayEquals(new int[] {256}, read("int32", 1, 0, 1, 0, 0).getDataAsIntArray());
        assertArrayEquals(new byte[] {1, -1}, read("int8", 2, 1, 0xff).getDataAsByteArray());
        assertArrayEquals(new byte[] {1, -1}, read("uint8", 2, 1, 0xff).getDataAsUnsignedByteArray());
        assertEquals(DType.UINT8, read("uint8", 1, 1).dtype());
    }

    @Test
    void aTypeThatJavaHasNoTensorsFor() {
        Exception error = assertThrows(IllegalArgumentException.class, () -> read("float16", 1, 0, 0));
        assertEquals("PyTorch's Java API has no tensors of dtype float16", error.getMessage());
    }
}
