package dev.pocketfit.example;

import org.pytorch.executorch.EValue;
import org.pytorch.executorch.Module;
import org.pytorch.executorch.Tensor;

/** A .pte file on ExecuTorch. It uses no class of Android's own. */
public final class Classifier implements AutoCloseable {

    /** The format's name in manifest.json. */
    public static final String FORMAT = "executorch";

    private final Module module;

    public Classifier(String path) {
        module = Module.load(path);
    }

    public float[] scores(float[] values, long[] shape) {
        Tensor input = Tensor.fromBlob(values, shape);
        Tensor output = module.forward(EValue.from(input))[0].toTensor();
        return output.getDataAsFloatArray();
    }

    @Override
    public void close() {
        module.destroy();
    }
}
