/* Android keeps the last words of a dying process for its tombstone; here they go to stderr, where Pocketfit
 * looks for them. */
#include "layer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

BIONIC(android_set_abort_message) void bionic_android_set_abort_message(const char *message) {
  fprintf(stderr, "abort message: %s\n", message);
}

void layer_abort(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fputs("abort message: ", stderr);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  abort();
}
