package dev.pocketfit.example;

import org.pytorch.IValue;
import org.pytorch.LiteModuleLoader;
import org.pytorch.Module;
import org.pytorch.Tensor;

/** A .ptl file on the lite runtime. It uses no class of Android's own. */
public final class Classifier implements AutoCloseable {

    /** The format's name in manifest.json. */
    public static final String FORMAT = "lite";

    private final Module module;

    public Classifier(String path) {
        module = LiteModuleLoader.load(path);
    }

    public float[] scores(float[] values, long[] shape) {
        Tensor input = Tensor.fromBlob(values, shape);
        Tensor output = module.forward(IValue.from(input)).toTensor();
        return output.getDataAsFloatArray();
    }

    @Override
    public void close() {
        module.destroy();
    }
}
