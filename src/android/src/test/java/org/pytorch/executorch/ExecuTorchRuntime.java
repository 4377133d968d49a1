package org.pytorch.executorch;

/** Stand-in: see Module. */
public final class ExecuTorchRuntime {

    private ExecuTorchRuntime() {}

    public static String[] getRegisteredOps() {
        return new String[] {"aten::mean.out"};
    }

    public static String[] getRegisteredBackends() {
        return new String[] {"XnnpackBackend"};
    }
}
