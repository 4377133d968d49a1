/* What libm.so and libdl.so consist of. */
typedef int empty;
