/* On arm64 code for Android reads its stack guard at 0x28 bytes from the thread pointer. In glibc's threads that place
 * is the first library's with thread-local storage: preloaded, this one is the first, and what it holds there stays the
 * same for as long as a thread lives. (On x86_64 the guard is at %fs:0x28 in both.) */
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

enum { GUARD_OFFSET = 0x28, GUARD_BYTES = 64 };

static __thread char guard[GUARD_BYTES] __attribute__((aligned(16), tls_model("initial-exec")));

__attribute__((constructor)) static void check(void) {
  static const char SAID[] = "abort message: the stack guard of Android's libraries is not where guard.so keeps it\n";
  ptrdiff_t start = guard - (char *)__builtin_thread_pointer();
  if (start <= GUARD_OFFSET && GUARD_OFFSET + (ptrdiff_t)sizeof(long) <= start + GUARD_BYTES) return;
  if (write(STDERR_FILENO, SAID, sizeof SAID - 1) < 0) _exit(1);
  abort();
}
