package dev.pocketfit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.pytorch.executorch.EValue;

/** Against stand-ins of the archive's classes: see org.pytorch.executorch.Module. */
class ExecuTorchEngineTest {

    @TempDir
    Path folder;

    private Arguments.Input file(String dtype, byte[] bytes, long... shape) throws IOException {
        Path file = Files.write(folder.resolve(dtype + shape.length), bytes);
        return new Arguments.Input(dtype, shape, file.toString());
    }

    @Test
    void isFoundByItsName() throws Exception {
        Engine engine = Engine.of("executorch");
        assertEquals(ExecuTorchEngine.class, engine.getClass());
        assertArrayEquals(new String[] {"executorch", "fbjni"}, engine.libraries());
    }

    @ParameterizedTest
    @CsvSource({"float32, 4", "float64, 8", "int64, 8", "int32, 4", "int8, 1", "uint8, 1"})
    void everyTypeGoesInAndComesOut(String dtype, int sizeBytes) throws IOException {
        byte[] bytes = new byte[2 * sizeBytes];
        for (int i = 0; i < bytes.length; ++i) {
            bytes[i] = (byte) (i + 1);
        }
        Engine.Model model = new ExecuTorchEngine().load("model.pte");
        model.read(Collections.singletonList(file(dtype, bytes, 1, 2)));
        model.forward();

        Leaf leaf = model.outputs().get(0);

        assertEquals(dtype, leaf.dtype);
        assertArrayEquals(new long[] {1, 2}, leaf.shape);
        assertArrayEquals(bytes, leaf.bytes);
        assertEquals("contiguous", leaf.memoryFormat);
    }

    @Test
    void outputsAreNumbered() throws IOException {
        Engine.Model model = new ExecuTorchEngine().load("model.pte");
        model.read(Arrays.asList(file("float32", new byte[4], 1), file("int64", new byte[8])));
        model.forward();

        List<String> paths = new ArrayList<>();
        for (Leaf leaf : model.outputs()) {
            paths.add(leaf.path + " " + leaf.dtype + " " + Arrays.toString(leaf.shape));
        }

        assertEquals(Arrays.asList("[0] float32 [1]", "[1] int64 []"), paths);
    }

    @Test
    void numbersAreTensorsWithoutDimensions() {
        assertEquals("float64", ExecuTorchEngine.leaf("[0]", EValue.from(0.5)).dtype);
        assertEquals("int64", ExecuTorchEngine.leaf("[0]", EValue.from(3L)).dtype);
        assertArrayEquals(new byte[] {1}, ExecuTorchEngine.leaf("[0]", EValue.from(true)).bytes);
        Exception error = assertThrows(
                IllegalArgumentException.class, () -> ExecuTorchEngine.leaf("[2]", EValue.from("text")));
        assertEquals("output [2] is neither a tensor nor a number", error.getMessage());
    }

    @Test
    void aMethodThatCantBeLoadedIsFoundWhileLoading() {
        Exception error = assertThrows(RuntimeException.class, () -> new ExecuTorchEngine().load("missing.pte"));
        assertEquals(
                "[Executorch Error 0x14] loading the method forward\nkernel 'aten::foo.out' not found.",
                error.getMessage());
    }

    @Test
    void whatTheRuntimeLoggedSinceIsTheReason() {
        ExecuTorchEngine engine = new ExecuTorchEngine();
        assertThrows(RuntimeException.class, () -> engine.load("missing.pte"));
        Engine.Model model = engine.load("small.pte");

        Exception error = assertThrows(RuntimeException.class, model::forward);

        assertEquals(
                "[Executorch Error 0x12] Execution failed for method: forward\n"
                        + "Input 0 has unexpected scalar type: expected Float but was Int.",
                error.getMessage());
    }

    @Test
    void aTypeThatJavaDoesNotHave() throws IOException {
        Arguments.Input half = file("float16", new byte[2], 1);
        Exception error = assertThrows(IllegalArgumentException.class, () -> ExecuTorchEngine.tensor(half));
        assertEquals("ExecuTorch's Java API makes no tensors of dtype float16", error.getMessage());
    }
}
