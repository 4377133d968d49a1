/* long double is IEEE binary128 on Android x86_64 and an 80-bit x87 number on Linux x86_64; glibc's
 * functions on _Float128 are the same as Android's on long double. */
#include "layer.h"

#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <wchar.h>

BIONIC(strtold) _Float128 bionic_strtold(const char *s, char **end) { return strtof128(s, end); }
BIONIC(strtold_l) _Float128 bionic_strtold_l(const char *s, char **end, locale_t locale) {
  return strtof128_l(s, end, locale);
}
BIONIC(wcstold) _Float128 bionic_wcstold(const wchar_t *s, wchar_t **end) { return wcstof128(s, end); }

/* There is no glibc function from double towards _Float128. */
BIONIC(nexttoward) double bionic_nexttoward(double x, _Float128 y) {
  if (x == y) return (double)y;
  return nextafter(x, y > x ? INFINITY : y < x ? -INFINITY : NAN);
}
BIONIC(nexttowardf) float bionic_nexttowardf(float x, _Float128 y) {
  if (x == y) return (float)y;
  return nextafterf(x, y > x ? INFINITY : y < x ? -INFINITY : NAN);
}

BIONIC(frexpl) _Float128 bionic_frexpl(_Float128 x, int *exponent) { return frexpf128(x, exponent); }
BIONIC(ldexpl) _Float128 bionic_ldexpl(_Float128 x, int exponent) { return ldexpf128(x, exponent); }
