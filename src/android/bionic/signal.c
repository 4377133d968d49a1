/* A sigset_t has 8 bytes in bionic, the kernel's, and 128 in glibc: glibc's functions would read and write past the
 * end of the caller's. The signals are numbered alike, in the same bits of the first word. */
#include "layer.h"

#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>

BIONIC(sigfillset) int bionic_sigfillset(uint64_t *set) {
  *set = ~UINT64_C(0);
  return 0;
}

BIONIC(pthread_sigmask) int bionic_pthread_sigmask(int how, const uint64_t *set, uint64_t *old) {
  sigset_t wide, wide_old;
  sigemptyset(&wide);
  if (set) memcpy(&wide, set, sizeof *set);
  int error = pthread_sigmask(how, set ? &wide : NULL, old ? &wide_old : NULL);
  if (!error && old) memcpy(old, &wide_old, sizeof *old);
  return error;
}
