/* liblog: Android's log is a system service; here it is stderr. */
#include "layer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { ANDROID_LOG_FATAL = 7 };

PUBLIC int __android_log_write(int priority, const char *tag, const char *text) {
  char letter = priority < 0 || priority > 8 ? '?' : "??VDIWEFS"[priority];
  return fprintf(stderr, "%c/%s: %s\n", letter, tag ? tag : "", text);
}

PUBLIC int __android_log_vprint(int priority, const char *tag, const char *format, va_list arguments) {
  char text[4096];
  vsnprintf(text, sizeof text, format, arguments);
  return __android_log_write(priority, tag, text);
}

PUBLIC int __android_log_print(int priority, const char *tag, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int result = __android_log_vprint(priority, tag, format, arguments);
  va_end(arguments);
  return result;
}

PUBLIC void __android_log_assert(const char *condition, const char *tag, const char *format, ...) {
  char text[4096];
  va_list arguments;
  va_start(arguments, format);
  if (format) vsnprintf(text, sizeof text, format, arguments);
  else snprintf(text, sizeof text, "assertion failed: %s", condition ? condition : "");
  va_end(arguments);
  __android_log_write(ANDROID_LOG_FATAL, tag, text);
  fprintf(stderr, "abort message: %s\n", text);
  abort();
}
