package org.pytorch.executorch;

/** Stand-in: see Module. */
public class ExecutorchRuntimeException extends RuntimeException {

    private static final long serialVersionUID = 1;

    public static final int OK = 0;
    public static final int OPERATOR_MISSING = 20;

    public ExecutorchRuntimeException(int errorCode, String details) {
        super("[Executorch Error 0x" + Integer.toHexString(errorCode) + "] " + details);
    }

    public static RuntimeException makeExecutorchException(int errorCode, String details) {
        return new ExecutorchRuntimeException(errorCode, details);
    }
}
