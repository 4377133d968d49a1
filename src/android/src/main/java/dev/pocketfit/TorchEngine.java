package dev.pocketfit;

import java.io.IOException;
import java.util.List;
import org.pytorch.IValue;
import org.pytorch.LiteModuleLoader;
import org.pytorch.Module;
import org.pytorch.PyTorchAndroid;

/** pytorch_android_lite or pytorch_android: they share their Java classes. */
final class TorchEngine implements Engine {

    private final boolean lite;

    TorchEngine(boolean lite) {
        this.lite = lite;
    }

    @Override
    public String[] libraries() {
        return new String[] {"c++_shared", "fbjni", lite ? "pytorch_jni_lite" : "pytorch_jni"};
    }

    @Override
    public void setThreads(int threads) {
        PyTorchAndroid.setNumThreads(threads);
    }

    @Override
    public Engine.Model load(String path) {
        return new Loaded(lite ? LiteModuleLoader.load(path) : Module.load(path));
    }

    private static final class Loaded implements Engine.Model {

        private final Module module;
        private IValue[] inputs;
        private IValue output;

        Loaded(Module module) {
            this.module = module;
        }

        @Override
        public void read(List<Arguments.Input> files) throws IOException {
            inputs = Inputs.read(files);
        }

        @Override
        public void forward() {
            output = module.forward(inputs);
        }

        @Override
        public List<Leaf> outputs() {
            return Outputs.flatten(output);
        }

        @Override
        public void release() {
            inputs = null;
            output = null;
            module.destroy();
        }
    }
}
