package dev.pocketfit;

import com.facebook.soloader.nativeloader.NativeLoaderDelegate;
import java.io.File;
import java.util.HashSet;
import java.util.Set;

/** Loads a runtime's libraries by absolute path, each before those that need it: there is no APK to find them in. */
class Libraries implements NativeLoaderDelegate {

    private final File folder;
    private final Set<String> loaded = new HashSet<>();

    Libraries(String folder) {
        this.folder = new File(folder);
    }

    void loadAll(String... names) {
        for (String name : names) {
            // First: while it loads, its Java classes already ask for it.
            loaded.add(name);
            load(getLibraryPath(name));
        }
    }

    /** Runs the library's JNI_OnLoad, which binds the classes of our class loader to it. */
    void load(String path) {
        System.load(path);
    }

    /** Has the allocator give back what is free, where that can be asked for: Android's own gives it back by itself. */
    void trim() {}

    /**
     * False for what this runtime does not have: PyTorchAndroid asks for the lite library in either runtime, and
     * PyTorchCodegenLoader for one that only custom builds have.
     */
    @Override
    public boolean loadLibrary(String name, int flags) {
        return loaded.contains(name);
    }

    @Override
    public String getLibraryPath(String name) {
        return new File(folder, "lib" + name + ".so").getAbsolutePath();
    }

    @Override
    public int getSoSourcesVersion() {
        return 0;
    }
}
