/* qemu-user before 8 shows its host's /proc/cpuinfo, in which Android's libraries look for the core that they choose
 * kernels for: where that is no arm64 kernel's, they get what one would write of the core that is emulated. */
#include "layer.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

static const char CPUINFO[] = "/proc/cpuinfo";

#ifdef __aarch64__
static int is_own(void) {
  char line[256];
  int found = 0;
  FILE *real = fopen(CPUINFO, "re");
  while (real && !found && fgets(line, sizeof line, real)) found = !strncmp(line, "CPU implementer", 15);
  if (real) fclose(real);
  return found;
}

/* What is read of it, -1 where there is nothing better than the real one. The Features line is left out: on 64 bits
 * they are asked for by getauxval. A pipe, since a sandbox may allow no file without a name: it holds 500 cores. */
static int substitute(void) {
  int ends[2];
  if (is_own() || !(getauxval(AT_HWCAP) & HWCAP_CPUID) || pipe2(ends, O_CLOEXEC | O_NONBLOCK)) return -1;
  uint64_t id;
  __asm__("mrs %0, midr_el1" : "=r"(id));
  for (long core = 0; core < sysconf(_SC_NPROCESSORS_CONF); core++) {
    dprintf(ends[1], "processor\t: %ld\nCPU implementer\t: 0x%02x\nCPU architecture: 8\nCPU variant\t: 0x%x\n"
                     "CPU part\t: 0x%03x\nCPU revision\t: %u\n\n",
            core, (unsigned)(id >> 24 & 0xff), (unsigned)(id >> 20 & 0xf), (unsigned)(id >> 4 & 0xfff),
            (unsigned)(id & 0xf));
  }
  close(ends[1]);
  return ends[0];
}

#else
/* Nobody emulates the others. */
static int substitute(void) { return -1; }
#endif

static int substituted(const char *path) { return strcmp(path, CPUINFO) ? -1 : substitute(); }

BIONIC(open) int bionic_open(const char *path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  /* Without O_CREAT or O_TMPFILE there is none, and open does not look at it. */
  mode_t mode = va_arg(arguments, mode_t);
  va_end(arguments);
  int file = substituted(path);
  return file < 0 ? open(path, flags, mode) : file;
}
BIONIC(__open_2) int bionic___open_2(const char *path, int flags) {
  int file = substituted(path);
  return file < 0 ? open(path, flags, 0) : file;
}
BIONIC(fopen) FILE *bionic_fopen(const char *path, const char *mode) {
  int file = substituted(path);
  return file < 0 ? fopen(path, mode) : fdopen(file, "r");
}
