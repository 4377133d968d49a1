package dev.pocketfit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.pytorch.IValue;
import org.pytorch.MemoryFormat;
import org.pytorch.Tensor;

class OutputsTest {

    private static final Tensor ONE = Tensor.fromBlob(new float[] {1}, new long[] {1});

    private static List<String> paths(IValue value) {
        List<String> paths = new ArrayList<>();
        for (Leaf leaf : Outputs.flatten(value)) {
            paths.add(leaf.path + " " + leaf.dtype + " " + Arrays.toString(leaf.shape));
        }
        return paths;
    }

    private static Leaf only(IValue value) {
        List<Leaf> leaves = Outputs.flatten(value);
        assertEquals(1, leaves.size());
        return leaves.get(0);
    }

    @Test
    void aLoneTensorHasNoPath() {
        assertEquals(Arrays.asList(" float32 [1]"), paths(IValue.from(ONE)));
    }

    @Test
    void containersDepthFirstKeysSorted() {
        Map<String, IValue> named = new HashMap<>();
        named.put("out", IValue.from(ONE));
        named.put("aux", IValue.listFrom(ONE, ONE));
        Map<Long, IValue> numbered = new HashMap<>();
        numbered.put(10L, IValue.from(ONE));
        numbered.put(3L, IValue.from(ONE));
        IValue value = IValue.tupleFrom(
                IValue.dictStringKeyFrom(named), IValue.dictLongKeyFrom(numbered), IValue.optionalNull(),
                IValue.listFrom(IValue.tupleFrom(IValue.from(ONE))));

        assertEquals(
                Arrays.asList(
                        "[0]['aux'][0] float32 [1]", "[0]['aux'][1] float32 [1]", "[0]['out'] float32 [1]",
                        "[1][3] float32 [1]", "[1][10] float32 [1]", "[3][0][0] float32 [1]"),
                paths(value));
    }

    @Test
    void keysAreQuotedAsInPython() {
        Map<String, IValue> named = new HashMap<>();
        named.put("a'b", IValue.from(ONE));
        named.put("c'd\"e", IValue.from(ONE));
        named.put("f\\g", IValue.from(ONE));
        assertEquals(
                Arrays.asList("[\"a'b\"] float32 [1]", "['c\\'d\"e'] float32 [1]", "['f\\\\g'] float32 [1]"),
                paths(IValue.dictStringKeyFrom(named)));
    }

    @Test
    void numbersAreTensorsWithoutDimensions() {
        assertEquals(
                Arrays.asList(
                        "[0] float64 []", "[1] int64 []", "[2] uint8 []", "[3][0] float64 []", "[4][0] int64 []",
                        "[5][0] uint8 []", "[5][1] uint8 []"),
                paths(IValue.tupleFrom(
                        IValue.from(0.5), IValue.from(3L), IValue.from(true), IValue.listFrom(0.5),
                        IValue.listFrom(7L), IValue.listFrom(true, false))));
        assertArrayEquals(new byte[] {0, 1, 0, 0, 0, 0, 0, 0}, only(IValue.from(256L)).bytes);
        assertArrayEquals(new byte[] {0, 0, 0, 0, 0, 0, (byte) 0xe0, 0x3f}, only(IValue.from(0.5)).bytes);
        assertArrayEquals(new byte[] {1}, only(IValue.from(true)).bytes);
    }

    @Test
    void everyTypeInLittleEndianBytes() {
        long[] shape = {1};
        assertArrayEquals(new byte[] {0, 0, (byte) 0x80, 0x3f}, only(IValue.from(ONE)).bytes);
        assertArrayEquals(
                new byte[] {0, 0, 0, 0, 0, 0, (byte) 0xf0, 0x3f},
                only(IValue.from(Tensor.fromBlob(new double[] {1}, shape))).bytes);
        assertArrayEquals(
                new byte[] {1, 0, 0, 0}, only(IValue.from(Tensor.fromBlob(new int[] {1}, shape))).bytes);
        assertArrayEquals(
                new byte[] {2, 0, 0, 0, 0, 0, 0, 0},
                only(IValue.from(Tensor.fromBlob(new long[] {2}, shape))).bytes);
        assertArrayEquals(new byte[] {-1}, only(IValue.from(Tensor.fromBlob(new byte[] {-1}, shape))).bytes);
        assertArrayEquals(new byte[] {-1}, only(IValue.from(Tensor.fromBlobUnsigned(new byte[] {-1}, shape))).bytes);
    }

    @Test
    void theMemoryFormatIsTold() {
        Tensor image = Tensor.fromBlob(new float[4], new long[] {1, 2, 2, 1}, MemoryFormat.CHANNELS_LAST);
        assertEquals("channels_last", only(IValue.from(image)).memoryFormat);
    }

    @Test
    void aStrIsItsBytes() {
        assertEquals(
                Arrays.asList("[0].encode() uint8 [4]", "[1][0].encode() uint8 [1]", "[1][1].encode() uint8 [0]"),
                paths(IValue.tupleFrom(
                        IValue.from("text"), IValue.listFrom(IValue.from("a"), IValue.from("")))));
        assertEquals(Arrays.asList(".encode() uint8 [2]"), paths(IValue.from("\u00e9")));
        assertArrayEquals(new byte[] {(byte) 0xc3, (byte) 0xa9}, only(IValue.from("\u00e9")).bytes);
    }
}
