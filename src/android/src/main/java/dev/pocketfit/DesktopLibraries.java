package dev.pocketfit;

import java.io.File;

/**
 * The same on a desktop's Linux: the compatibility layer is loaded first, so that Android's libraries find it
 * under the names they ask for.
 */
final class DesktopLibraries extends Libraries {

    DesktopLibraries(String folder, String shim) {
        super(folder);
        for (String name : new String[] {"libc.so", "libm.so", "libdl.so", "liblog.so", "libandroid.so"}) {
            System.load(new File(shim, name).getAbsolutePath());
        }
    }

    @Override
    void load(String path) {
        String error = dlopen(path);
        if (error != null) {
            throw new UnsatisfiedLinkError(error);
        }
        super.load(path);
    }

    /** glibc's keeps tens of megabytes of what a model gave back (bionic/trim.c). */
    @Override
    native void trim();

    /** Opens a library so that the JVM's own can't shadow its symbols (bionic/loader.c); null or what went wrong. */
    private static native String dlopen(String path);

    /** Marks for the emulator's plugin; bionic/mark.c makes them. */
    static final class EmulatorMarks implements Attempt.Marks {
        @Override
        public native void mark(boolean begins);
    }

    /** Marks for the counter of the machine's own core, where nothing is emulated (bionic/counter.c). */
    static final class CoreMarks implements Attempt.Marks {
        /**
         * Has the calling thread counted from now on, into a file, and closes the way to further counters. Returns 0, or
         * the number of the kernel's error.
         */
        static native int start(String file);

        @Override
        public native void mark(boolean begins);
    }
}
