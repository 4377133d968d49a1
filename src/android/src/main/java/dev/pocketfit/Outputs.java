package dev.pocketfit;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.pytorch.IValue;
import org.pytorch.Tensor;

/**
 * What forward returned, flat: each tensor under its path, depth first and dictionary keys sorted. The path is
 * empty for a lone tensor, and {@code [1]['aux']} is what one would write in Python; numbers become tensors
 * without dimensions, a str its bytes, at {@code [1].encode()}, and None is left out.
 */
final class Outputs {

    private Outputs() {}

    static List<Leaf> flatten(IValue value) {
        List<Leaf> leaves = new ArrayList<>();
        flatten("", value, leaves);
        return leaves;
    }

    private static void flatten(String path, IValue value, List<Leaf> leaves) {
        if (value.isNull()) {
            return;
        }
        if (value.isTensor()) {
            leaves.add(Leaf.of(path, value.toTensor()));
        } else if (value.isTuple()) {
            flattenAll(path, value.toTuple(), leaves);
        } else if (value.isList()) {
            flattenAll(path, value.toList(), leaves);
        } else if (value.isTensorList()) {
            Tensor[] tensors = value.toTensorList();
            for (int i = 0; i < tensors.length; ++i) {
                leaves.add(Leaf.of(path + "[" + i + "]", tensors[i]));
            }
        } else if (value.isDictStringKey()) {
            for (Map.Entry<String, IValue> entry : new TreeMap<>(value.toDictStringKey()).entrySet()) {
                flatten(path + "[" + quote(entry.getKey()) + "]", entry.getValue(), leaves);
            }
        } else if (value.isDictLongKey()) {
            for (Map.Entry<Long, IValue> entry : new TreeMap<>(value.toDictLongKey()).entrySet()) {
                flatten(path + "[" + entry.getKey() + "]", entry.getValue(), leaves);
            }
        } else {
            flattenPlain(path, value, leaves);
        }
    }

    private static void flattenAll(String path, IValue[] values, List<Leaf> leaves) {
        for (int i = 0; i < values.length; ++i) {
            flatten(path + "[" + i + "]", values[i], leaves);
        }
    }

    /** A key as Python's repr writes it. */
    private static String quote(String key) {
        String escaped = key.replace("\\", "\\\\");
        return key.contains("'") && !key.contains("\"")
                ? "\"" + escaped + "\""
                : "'" + escaped.replace("'", "\\'") + "'";
    }

    /** A number, a list of numbers, or a str: an IValue is nothing else. */
    private static void flattenPlain(String path, IValue value, List<Leaf> leaves) {
        if (value.isDouble()) {
            leaves.add(Leaf.of(path, value.toDouble()));
        } else if (value.isLong()) {
            leaves.add(Leaf.of(path, value.toLong()));
        } else if (value.isBool()) {
            leaves.add(Leaf.of(path, value.toBool()));
        } else if (value.isDoubleList()) {
            double[] doubles = value.toDoubleList();
            for (int i = 0; i < doubles.length; ++i) {
                leaves.add(Leaf.of(path + "[" + i + "]", doubles[i]));
            }
        } else if (value.isLongList()) {
            long[] longs = value.toLongList();
            for (int i = 0; i < longs.length; ++i) {
                leaves.add(Leaf.of(path + "[" + i + "]", longs[i]));
            }
        } else if (value.isBoolList()) {
            boolean[] bools = value.toBoolList();
            for (int i = 0; i < bools.length; ++i) {
                leaves.add(Leaf.of(path + "[" + i + "]", bools[i]));
            }
        } else {
            leaves.add(Leaf.of(path, value.toStr()));
        }
    }
}
