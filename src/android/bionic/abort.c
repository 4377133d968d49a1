/* Android keeps the last words of a dying process for its tombstone; here they go to stderr, where Pocketfit
 * looks for them. */
#include "layer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

BIONIC(android_set_abort_message) void bionic_android_set_abort_message(const char *message) {
  fprintf(stderr, "abort message: %s\n", message);
}

/* assert(): Android's own words. */
BIONIC(__assert2) void bionic___assert2(const char *file, int line, const char *function, const char *failed) {
  layer_abort("%s:%d: %s: assertion \"%s\" failed", file, line, function, failed);
}

void layer_abort(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fputs("abort message: ", stderr);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  abort();
}
