/* Checks that only Android's fortified headers call; glibc has no strlen of this kind. */
#include "layer.h"

#include <string.h>
#include <unistd.h>

BIONIC(__strlen_chk) size_t bionic___strlen_chk(const char *s, size_t bound) {
  size_t length = strlen(s);
  if (length >= bound) layer_abort("strlen: prevented a read past the end of a buffer of %zu bytes", bound);
  return length;
}
/* Both stop at the terminator, which has to lie within the bound. */
static void terminated(const char *function, const char *s, size_t bound) {
  if (strnlen(s, bound) >= bound) {
    layer_abort("%s: prevented a read past the end of a buffer of %zu bytes", function, bound);
  }
}
BIONIC(__strchr_chk) char *bionic___strchr_chk(const char *s, int c, size_t bound) {
  terminated("strchr", s, bound);
  return strchr(s, c);
}
BIONIC(__strrchr_chk) char *bionic___strrchr_chk(const char *s, int c, size_t bound) {
  terminated("strrchr", s, bound);
  return strrchr(s, c);
}
BIONIC_N(__write_chk) ssize_t bionic___write_chk(int file, const void *from, size_t size, size_t bound) {
  if (size > bound) layer_abort("write: prevented a read past the end of a buffer of %zu bytes", bound);
  return write(file, from, size);
}
