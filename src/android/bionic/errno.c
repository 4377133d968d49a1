/* The numbers are the kernel's and agree; how they are reached and named does not. */
#include "layer.h"

#include <errno.h>
#include <string.h>

BIONIC(__errno) int *bionic___errno(void) { return &errno; }

/* Android's strerror_r is POSIX's, which returns a number; glibc's symbol of that name is GNU's, which
 * returns a string. */
extern int __xpg_strerror_r(int number, char *buffer, size_t size);
BIONIC(strerror_r) int bionic_strerror_r(int number, char *buffer, size_t size) {
  return __xpg_strerror_r(number, buffer, size);
}

/* Android's name for GNU's. */
BIONIC(__gnu_strerror_r) char *bionic___gnu_strerror_r(int number, char *buffer, size_t size) {
  return strerror_r(number, buffer, size);
}
