/* Formatted input and output. Only %L differs: Android's long double is IEEE binary128, passed in an SSE
 * register, where glibc would read an 80-bit x87 number from the stack and take some other argument for it.
 * No library we know prints one, so that ends the process with a message instead of printing nonsense. */
#include "layer.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>

FILE *layer_file(FILE *file);

static int has_long_double(const char *format) {
  for (const char *p = strchr(format, '%'); p; p = strchr(p, '%')) {
    p++;
    if (*p == '%') {
      p++;
      continue;
    }
    p += strspn(p, "0123456789.*$+-# '");
    if (*p == 'L') return 1;
  }
  return 0;
}

static const char *checked(const char *format) {
  if (has_long_double(format)) {
    layer_abort("the format '%s' takes a long double, which this layer can't pass on", format);
  }
  return format;
}

BIONIC(vfprintf) int bionic_vfprintf(FILE *f, const char *format, va_list arguments) {
  return vfprintf(layer_file(f), checked(format), arguments);
}
BIONIC(vsnprintf) int bionic_vsnprintf(char *to, size_t size, const char *format, va_list arguments) {
  return vsnprintf(to, size, checked(format), arguments);
}
BIONIC(vasprintf) int bionic_vasprintf(char **to, const char *format, va_list arguments) {
  return vasprintf(to, checked(format), arguments);
}
BIONIC(vsscanf) int bionic_vsscanf(const char *from, const char *format, va_list arguments) {
  return vsscanf(from, checked(format), arguments);
}
/* The bound that Android's fortified headers pass is at least as large as `size`, or the call was wrong. */
BIONIC(__vsnprintf_chk) int bionic___vsnprintf_chk(
    char *to, size_t size, int flags, size_t bound, const char *format, va_list arguments) {
  (void)flags;
  if (size > bound) layer_abort("vsnprintf: prevented a write past the end of a buffer of %zu bytes", bound);
  return vsnprintf(to, size, checked(format), arguments);
}

BIONIC(__vsprintf_chk) int bionic___vsprintf_chk(
    char *to, int flags, size_t bound, const char *format, va_list arguments) {
  (void)flags;
  int length = vsnprintf(to, bound, checked(format), arguments);
  if (length >= 0 && (size_t)length >= bound) {
    layer_abort("vsprintf: prevented a write past the end of a buffer of %zu bytes", bound);
  }
  return length;
}

#define WITH_ARGUMENTS(call)         \
  va_list arguments;                 \
  va_start(arguments, format);       \
  int result = call;                 \
  va_end(arguments);                 \
  return result

BIONIC(printf) int bionic_printf(const char *format, ...) { WITH_ARGUMENTS(vprintf(checked(format), arguments)); }
BIONIC(fprintf) int bionic_fprintf(FILE *f, const char *format, ...) {
  WITH_ARGUMENTS(vfprintf(layer_file(f), checked(format), arguments));
}
BIONIC(snprintf) int bionic_snprintf(char *to, size_t size, const char *format, ...) {
  WITH_ARGUMENTS(vsnprintf(to, size, checked(format), arguments));
}
BIONIC(sscanf) int bionic_sscanf(const char *from, const char *format, ...) {
  WITH_ARGUMENTS(vsscanf(from, checked(format), arguments));
}
BIONIC(swprintf) int bionic_swprintf(wchar_t *to, size_t size, const wchar_t *format, ...) {
  /* libc++ formats only numbers of std::to_wstring with it, and passes no flags. */
  if (wcsstr(format, L"L")) layer_abort("a wide format takes a long double, which this layer can't pass on");
  WITH_ARGUMENTS(vswprintf(to, size, format, arguments));
}
