package dev.pocketfit;

import com.facebook.soloader.nativeloader.NativeLoader;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.pytorch.executorch.ExecuTorchRuntime;

/** Prints what an ExecuTorch library has, for tools/read_operators.py: LIBRARIES SHIM. Its last line is JSON. */
public final class Registered {

    private Registered() {}

    public static void main(String... words) {
        DesktopLibraries libraries = new DesktopLibraries(words[0], words[1]);
        NativeLoader.init(libraries);
        libraries.loadAll(new ExecuTorchEngine().libraries());
        Map<String, Object> registered = new LinkedHashMap<>();
        registered.put("kernels", Arrays.asList((Object[]) ExecuTorchRuntime.getRegisteredOps()));
        registered.put("backends", Arrays.asList((Object[]) ExecuTorchRuntime.getRegisteredBackends()));
        System.out.println();
        System.out.println(Json.write(registered));
        System.out.flush();
        Runtime.getRuntime().halt(0);
    }
}
