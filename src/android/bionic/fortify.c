/* Checks that only Android's fortified headers call; glibc has no strlen of this kind. */
#include "layer.h"

#include <string.h>

BIONIC(__strlen_chk) size_t bionic___strlen_chk(const char *s, size_t bound) {
  size_t length = strlen(s);
  if (length >= bound) layer_abort("strlen: prevented a read past the end of a buffer of %zu bytes", bound);
  return length;
}
