package org.pytorch.executorch;

/** Stand-in: see Module. */
public enum DType {
    UINT8,
    INT8,
    INT32,
    INT64,
    FLOAT,
    DOUBLE,
    BOOL
}
